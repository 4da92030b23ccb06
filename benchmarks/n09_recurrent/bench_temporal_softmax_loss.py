"""Softmax cross-entropy at every step, forward and backward: one exp a score, then bound by memory."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n09_recurrent import test_temporal_softmax_loss as spec


class BenchTemporalSoftmaxLoss(Timing):
    spec = spec.TestTemporalSoftmaxLoss
    sizes = {
        "S": {"N": 16, "T": 20, "V": 65},
        "M": {"N": 64, "T": 50, "V": 1000},
        "L": {"N": 64, "T": 100, "V": 5000},
    }

    def traffic(self, N, T, V, **_):
        return 3 * N * T * V
