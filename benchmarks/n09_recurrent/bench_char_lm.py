"""Language model of characters: bound by arithmetic, 24 N T H (E + H) operations of the LSTM, 6 N T H V of scores."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks._torch import trained
from nnspec.spec_tests.n09_recurrent import test_char_lm as spec


def torch_char_lm(V, E, H, **_):
    from nnspec.benchmarks._torch_modules import CharLm

    return CharLm(V, E, H)


class BenchCharLm(Timing):
    spec = spec.TestCharLm
    peers = {
        "torch.nn": trained("char_lm", torch_char_lm, lambda module, ids, states: module.loss(ids, states.values())[0])
    }
    sizes = {
        "S": {"N": 8, "S": 26, "V": 65, "E": 32, "H": 64},
        "M": {"N": 32, "S": 51, "V": 65, "E": 64, "H": 256},
    }
    scaled = ("S",)

    def flops(self, N, S, V, E, H, **_):
        return 24 * N * (S - 1) * H * (E + H) + 6 * N * (S - 1) * H * V
