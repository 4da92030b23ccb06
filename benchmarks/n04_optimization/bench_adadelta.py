"""AdaDelta, three steps: bound by memory, a step reads 4 arrays and writes 3."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n04_optimization import test_adadelta as spec


class BenchAdadelta(Timing):
    spec = spec.TestAdadelta
    sizes = {
        "S": {"shape": (100, 100)},
        "M": {"shape": (1024, 1024)},
        "L": {"shape": (2048, 4096)},
    }

    states = 6  # both averages after each step

    def traffic(self, shape, **_):
        return (5 + 7 + 7) * prod(shape)  # the first step has no state to read
