"""Root-mean-square normalization, forward and backward: bound by memory, 5 arrays are read or written at least."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n10_attention import test_rmsnorm as spec


class BenchRmsnorm(Timing):
    spec = spec.TestRmsnorm
    sizes = {
        "S": {"batch": (100,), "D": 100},
        "M": {"batch": (32, 64), "D": 512},
        "L": {"batch": (8192,), "D": 768},
    }

    def traffic(self, batch, D, **_):
        return 5 * prod(batch) * D
