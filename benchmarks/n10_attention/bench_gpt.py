"""Decoder-only language model, loss and gradients: bound by arithmetic, 6 operations a weight and token beside those of
attention."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks._torch import trained
from nnspec.spec_tests.n10_attention import test_gpt as spec


def torch_gpt(V, S, E, H, L, heads, **_):
    from nnspec.benchmarks._torch_modules import Gpt

    return Gpt(V, S, E, H, L, heads, tied=True)


class BenchGpt(Timing):
    spec = spec.TestGpt
    peers = {"torch.nn": trained("gpt", torch_gpt, lambda module, ids, heads: module.loss(ids))}
    sizes = {
        "S": {"N": 8, "U": 33, "V": 65, "E": 64, "H": 256, "S": 32, "L": 2},
        "M": {"N": 8, "U": 129, "V": 65, "E": 128, "H": 512, "S": 128, "L": 4},
    }
    options = {"heads": 4}

    def flops(self, N, U, V, E, H, L, **_):
        weights = L * (4 * E * E + 2 * E * H) + V * E
        return N * (U - 1) * (6 * weights + 7 * L * U * E)
