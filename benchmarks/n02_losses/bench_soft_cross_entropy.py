"""Cross-entropy of soft targets, forward and backward: one exp a score, then bound by memory."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n02_losses import test_soft_cross_entropy as spec


class BenchSoftCrossEntropy(Timing):
    spec = spec.TestSoftCrossEntropy
    sizes = {
        "S": {"N": 100, "C": 10},
        "M": {"N": 4096, "C": 10},
        "L": {"N": 4096, "C": 1000},
    }

    def traffic(self, N, C, **_):
        return 5 * N * C
