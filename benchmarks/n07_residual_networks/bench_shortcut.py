"""Shortcuts, forward and backward: padding is bound by memory, the projection by the arithmetic of its convolution,
6 N F C HO WO floating-point operations."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n07_residual_networks import test_shortcut as spec


class BenchPaddingShortcut(Timing):
    spec = spec.TestPaddingShortcut
    sizes = {"S": {"N": 8, "C": 16, "H": 16, "W": 16}, "M": {"N": 128, "C": 16, "H": 32, "W": 32}}
    options = {"stride": 2, "F": lambda dims, dtype: 2 * dims["C"]}

    def traffic(self, N, C, H, W, **_):
        return N * C * H * W * (1 + 1 / 4 + 1 / 2 + 1 / 4)


class BenchProjectionShortcut(Timing):
    spec = spec.TestProjectionShortcut
    sizes = {
        "S": {"N": 8, "C": 16, "H": 16, "W": 16, "F": 32},
        "M": {"N": 64, "C": 64, "H": 32, "W": 32, "F": 128},
    }
    options = {"stride": 2}

    def flops(self, N, C, H, W, F, **_):
        return 6 * N * F * C * (H // 2) * (W // 2)
