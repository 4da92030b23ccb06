"""Residual network, loss and gradients: bound by the arithmetic of its convolutions, 54 N sum_l F_l (E_{l-1} + F_l) H W
floating-point operations, with H and W halved where a stage begins."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n07_residual_networks import test_resnet as spec

IMAGES = {"C": 3, "H": 32, "W": 32, "K": 3, "n_classes": 10}


class BenchResnet(Timing):
    """Of two blocks, the second of which begins a stage."""

    spec = spec.TestResnet
    sizes = {
        "S": {"N": 4, "E0": 16, "F": (16, 32)} | IMAGES,
        "M": {"N": 16, "E0": 32, "F": (32, 64)} | IMAGES,
    }

    def flops(self, N, C, H, W, K, E0, F, **_):
        total, before = C * K * K * E0 * H * W, E0
        for width in F:
            H, W = (H // 2, W // 2) if width > before else (H, W)
            total, before = total + 9 * width * (before + width) * H * W, width
        return 6 * N * total
