"""AMSGrad, three steps: bound by memory, a step reads 5 arrays and writes 4."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n04_optimization import test_amsgrad as spec


class BenchAmsgrad(Timing):
    spec = spec.TestAmsgrad
    sizes = {
        "S": {"shape": (100, 100)},
        "M": {"shape": (1024, 1024)},
        "L": {"shape": (2048, 4096)},
    }

    states = 9  # both moments and the maximum after each step

    def traffic(self, shape, **_):
        return (6 + 9 + 9) * prod(shape)  # the first step has no state to read
