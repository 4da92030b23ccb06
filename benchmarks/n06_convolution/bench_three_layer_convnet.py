"""Three-layer ConvNet, loss and gradients: bound by the arithmetic of the convolution and of the first affine layer."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n06_convolution import test_three_layer_convnet as spec


class BenchThreeLayerConvnet(Timing):
    spec = spec.TestThreeLayerConvnet
    sizes = {
        "S": {"N": 10, "C": 3, "H": 16, "W": 16, "F": 8, "K": 3, "M": 50, "n_classes": 10},
        "M": {"N": 50, "C": 3, "H": 32, "W": 32, "F": 32, "K": 7, "M": 100, "n_classes": 10},
    }

    def flops(self, N, C, H, W, F, K, M, n_classes, **_):
        convolution, first, last = F * C * K * K * H * W, F * (H // 2) * (W // 2) * M, M * n_classes
        return 6 * N * (convolution + first + last)
