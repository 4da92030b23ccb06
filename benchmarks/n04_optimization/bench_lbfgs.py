"""The direction of L-BFGS: bound by memory, the pairs are read twice, and vectors beside them."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n04_optimization import test_lbfgs as spec


class BenchLbfgsDirection(Timing):
    spec = spec.TestLbfgsDirection
    sizes = {
        "S": {"K": 5, "P": 100},
        "M": {"K": 10, "P": 100_000},
        "L": {"K": 10, "P": 1_000_000},
    }

    def traffic(self, K, P, **_):
        return 10 * K * P
