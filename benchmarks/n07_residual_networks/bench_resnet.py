"""Residual network, loss and gradients: bound by the arithmetic of its convolutions, 54 N sum_l F_l (E_{l-1} + F_l) H W
floating-point operations, with H and W halved where a stage begins."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks._torch import trained
from nnspec.spec_tests.n07_residual_networks import test_resnet as spec

IMAGES = {"C": 3, "H": 32, "W": 32, "K": 3, "n_classes": 10}


def torch_resnet(C, n_classes, F, **_):
    from nnspec.benchmarks._torch_modules import Basic, ResNet

    return ResNet(C, n_classes, blocks=[1] * len(F), widths=F, kind=Basic, projects=False, imagenet=False)


def torch_loss(module, x, y):
    from torch.nn import functional

    return functional.cross_entropy(module(x), y)


class BenchResnet(Timing):
    """Of two blocks, the second of which begins a stage."""

    spec = spec.TestResnet
    peers = {"torch.nn": trained("resnet", torch_resnet, torch_loss)}
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
