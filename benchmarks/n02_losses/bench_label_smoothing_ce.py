"""Label smoothing, forward and backward: one exp a score, then bound by memory; its targets are written and read."""

from nnspec.benchmarks.n02_losses.bench_soft_cross_entropy import BenchSoftCrossEntropy
from nnspec.spec_tests.n02_losses import test_label_smoothing_ce as spec


class BenchLabelSmoothingCe(BenchSoftCrossEntropy):
    spec = spec.TestLabelSmoothingCe

    def traffic(self, N, C, **_):
        return 3 * N * C
