"""A table of positions added to tokens, forward and backward: bound by memory, 4 arrays in or out."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n10_attention import test_positions as spec


class BenchAddPe(Timing):
    spec = spec.TestAddPe
    sizes = {
        "S": {"N": 16, "T": 32, "E": 64, "L": 32},
        "M": {"N": 64, "T": 128, "E": 256, "L": 128},
    }

    def traffic(self, N, T, E, **_):
        return 4 * N * T * E
