"""Cross-validation of k: the distances of each fold once, for all k."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_cross_validation as spec


class BenchCrossValidateK(Timing):
    spec = spec.TestCrossValidateK
    sizes = {"S": {"N": 200, "D": 64}, "M": {"N": 1797, "D": 64}}
    inputs = {"ks": [1, 3, 5, 8, 10, 12, 15, 20, 50, 100]}
    exponent = 2

    def flops(self, N, D, **_):
        return 3 * (N * N * 4 // 5) * D  # each of 5 folds against the others
