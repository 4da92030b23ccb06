"""Ridge regression: bound by arithmetic, 2 N P^2 operations for phi^T phi and P^3 for the equations."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n03_regularization import test_ridge as spec


class BenchRidgeFit(Timing):
    spec = spec.TestRidgeFit
    sizes = {"S": {"N": 100, "P": 10}, "M": {"N": 5000, "P": 100}}

    def flops(self, N, P, **_):
        return 2 * N * P * P + P**3
