"""Multiclass SVM loss, forward and backward: bound by memory, the scores are read twice and their gradient written."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n02_losses import test_svm_loss as spec


class BenchSvmLoss(Timing):
    spec = spec.TestSvmLoss
    sizes = {
        "S": {"N": 100, "C": 10},
        "M": {"N": 4096, "C": 10},
        "L": {"N": 4096, "C": 1000},
    }

    def traffic(self, N, C, **_):
        return 3 * N * C
