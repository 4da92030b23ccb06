"""Output projection of a language model, forward and backward: bound by arithmetic, 6 E V operations a token."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n10_attention import test_lm_head as spec


class BenchLmHead(Timing):
    spec = spec.TestLmHead
    sizes = {
        "S": {"N": 16, "T": 32, "E": 64, "V": 100},
        "M": {"N": 8, "T": 128, "E": 256, "V": 2000},
    }

    def flops(self, N, T, E, V, **_):
        return 6 * N * T * E * V
