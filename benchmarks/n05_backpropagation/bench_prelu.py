"""PReLU, forward and backward: bound by memory, 5 arrays are read or written."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_prelu as spec


class BenchPrelu(Timing):
    spec = spec.TestPrelu
    sizes = {
        "S": {"N": 100, "C": 100, "d": ()},
        "M": {"N": 32, "C": 64, "d": (16, 16)},
        "L": {"N": 64, "C": 64, "d": (32, 32)},
    }

    def traffic(self, N, C, d, **_):
        return 5 * N * C * prod(d)
