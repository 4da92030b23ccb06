"""Bottleneck block, forward and backward: bound by the arithmetic of its convolutions, 6 N (2 C M + 9 M M) H W
floating-point operations."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n07_residual_networks import test_bottleneck as spec


class BenchBottleneck(Timing):
    spec = spec.TestBottleneck
    sizes = {"S": {"N": 8, "C": 32, "M": 8, "H": 16, "W": 16}, "M": {"N": 32, "C": 128, "M": 32, "H": 16, "W": 16}}

    def flops(self, N, C, M, H, W, **_):
        return 6 * N * (2 * C * M + 9 * M * M) * H * W
