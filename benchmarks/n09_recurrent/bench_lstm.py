"""LSTM, one step and a sequence, forward and backward: bound by arithmetic, 24 N T H (D + H) operations; half of it
waits for the step before."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n09_recurrent import test_lstm as spec


class BenchLstmStep(Timing):
    spec = spec.TestLstmStep
    sizes = {
        "S": {"N": 16, "D": 64, "H": 64},
        "M": {"N": 64, "D": 256, "H": 256},
        "L": {"N": 256, "D": 512, "H": 512},
    }

    def flops(self, N, D, H, **_):
        return 24 * N * H * (D + H)


class BenchLstm(Timing):
    spec = spec.TestLstm
    sizes = {
        "S": {"N": 16, "T": 20, "D": 64, "H": 64},
        "M": {"N": 64, "T": 50, "D": 256, "H": 256},
        "L": {"N": 64, "T": 100, "D": 256, "H": 512},
    }
    scaled = ("T",)

    def flops(self, N, T, D, H, **_):
        return 24 * N * T * H * (D + H)
