"""RMSProp, three steps: bound by memory, a step reads 3 arrays and writes 2."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n04_optimization import test_rmsprop as spec


class BenchRmsprop(Timing):
    spec = spec.TestRmsprop
    sizes = {
        "S": {"shape": (100, 100)},
        "M": {"shape": (1024, 1024)},
        "L": {"shape": (2048, 4096)},
    }

    states = 3  # the squares after each step

    def traffic(self, shape, **_):
        return (4 + 5 + 5) * prod(shape)  # the first step has no state to read
