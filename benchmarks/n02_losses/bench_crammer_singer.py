"""Structured SVM loss, forward and backward: bound by memory, the scores are read and their gradient written."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n02_losses.bench_svm_loss import BenchSvmLoss
from nnspec.spec_tests.n02_losses import test_crammer_singer as spec


class BenchCrammerSinger(Timing):
    spec = spec.TestCrammerSinger
    sizes = BenchSvmLoss.sizes

    def traffic(self, N, C, **_):
        return 2 * N * C
