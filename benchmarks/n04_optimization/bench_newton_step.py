"""Newton's step: bound by arithmetic, P equations by elimination."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n04_optimization import test_newton_step as spec


class BenchNewtonStep(Timing):
    spec = spec.TestNewtonStep
    exponent = 3
    sizes = {
        "S": {"P": 8},
        "M": {"P": 64},
        "L": {"P": 256},
    }

    def flops(self, P, **_):
        return 2 * P**3
