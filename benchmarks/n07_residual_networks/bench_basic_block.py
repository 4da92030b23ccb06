"""Basic residual block, forward and backward: bound by the arithmetic of its two convolutions, 6 N 9 (C + F) F HO WO
floating-point operations."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n07_residual_networks import test_basic_block as spec


class BenchBasicBlock(Timing):
    spec = spec.TestBasicBlock
    sizes = {"S": {"N": 8, "C": 16, "H": 16, "W": 16}, "M": {"N": 16, "C": 64, "H": 16, "W": 16}}

    def flops(self, N, C, H, W, **_):
        return 6 * N * 9 * 2 * C * C * H * W
