"""Negative log-likelihood, forward and backward: bound by memory, the gradient is written."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n02_losses import test_nll_loss as spec


class BenchNllLoss(Timing):
    spec = spec.TestNllLoss
    sizes = {
        "S": {"N": 100, "C": 10},
        "M": {"N": 4096, "C": 10},
        "L": {"N": 4096, "C": 1000},
    }

    def traffic(self, N, C, **_):
        return N * C
