"""Focal loss, forward and backward: one exp a score, then bound by memory; a power and a logarithm a row."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n02_losses.bench_svm_loss import BenchSvmLoss
from nnspec.spec_tests.n02_losses import test_focal_loss as spec


class BenchFocalLoss(Timing):
    spec = spec.TestFocalLoss
    sizes = BenchSvmLoss.sizes

    def traffic(self, N, C, **_):
        return 3 * N * C
