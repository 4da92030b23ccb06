"""Images as rows, forward and backward: bound by memory, everything is copied once each way."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_flatten as spec


class BenchFlatten(Timing):
    spec = spec.TestFlatten
    sizes = {"S": {"N": 100, "d": (1, 8, 8)}, "M": {"N": 500, "d": (3, 32, 32)}, "L": {"N": 8192, "d": (3, 32, 32)}}

    def traffic(self, N, d, **_):
        return 4 * N * prod(d)
