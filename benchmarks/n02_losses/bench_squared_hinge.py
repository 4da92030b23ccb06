"""Squared hinge, forward and backward: bound by memory, the scores are read twice and their gradient written."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n02_losses.bench_svm_loss import BenchSvmLoss
from nnspec.spec_tests.n02_losses import test_squared_hinge as spec


class BenchSquaredHinge(Timing):
    spec = spec.TestSquaredHinge
    sizes = BenchSvmLoss.sizes

    def traffic(self, N, C, **_):
        return 3 * N * C
