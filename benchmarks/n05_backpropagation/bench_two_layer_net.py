"""Two-layer network, loss and gradients: bound by arithmetic, 6 N (D + C) H floating-point operations."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_two_layer_net as spec


class BenchTwoLayerNet(Timing):
    spec = spec.TestTwoLayerNet
    sizes = {
        "S": {"N": 100, "d": (64,), "H": 100, "C": 10},
        "M": {"N": 200, "d": (32, 32, 3), "H": 500, "C": 10},
    }

    def flops(self, N, d, H, C, **_):
        return 6 * N * (prod(d) + C) * H
