"""Maxout, forward and backward: bound by arithmetic, three products."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_maxout as spec


class BenchMaxout(Timing):
    spec = spec.TestMaxout
    sizes = {
        "S": {"N": 100, "D": 784, "P": 2, "M": 50},
        "M": {"N": 128, "D": 3072, "P": 4, "M": 128},
        "L": {"N": 512, "D": 3072, "P": 5, "M": 240},
    }

    def flops(self, N, D, P, M, **_):
        return 6 * N * D * P * M
