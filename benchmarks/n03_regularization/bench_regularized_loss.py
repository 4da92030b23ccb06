"""The objective over named parameters: bound by memory, weights and gradients are read and gradients are written."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n03_regularization import test_regularized_loss as spec


class BenchRegularizedLoss(Timing):
    spec = spec.TestRegularizedLoss
    sizes = {"S": {"D": 100, "H": 100}, "M": {"D": 1024, "H": 1024}, "L": {"D": 2048, "H": 4096}}

    def traffic(self, D, H, **_):
        return 3 * 2 * D * H + 2 * (3 * H + D)
