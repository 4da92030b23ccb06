"""Gradient descent, three steps: bound by memory, a step reads 2 arrays and writes 1."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n04_optimization import test_sgd as spec


class BenchSgd(Timing):
    spec = spec.TestSgd
    sizes = {
        "S": {"shape": (100, 100)},
        "M": {"shape": (1024, 1024)},
        "L": {"shape": (2048, 4096)},
    }

    def traffic(self, shape, **_):
        return 3 * 3 * prod(shape)
