"""Convolution and ReLU in one, alone, with batch normalization and with pooling: bound by the arithmetic of the
convolution, 6 N F C KH KW HO WO floating-point operations."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n06_convolution import test_conv_relu as spec

KERNEL = {"KH": 3, "KW": 3}


class OfConvolution:
    sizes = {
        "S": {"N": 8, "C": 3, "H": 16, "W": 16, "F": 8} | KERNEL,
        "M": {"N": 64, "C": 3, "H": 32, "W": 32, "F": 32} | KERNEL,
    }
    options = {"pad": 1}

    def flops(self, N, C, H, W, F, KH, KW, **_):
        return 6 * N * F * C * KH * KW * (H + 3 - KH) * (W + 3 - KW)


class BenchConvRelu(OfConvolution, Timing):
    spec = spec.TestConvRelu


class BenchConvBnRelu(OfConvolution, Timing):
    spec = spec.TestConvBnRelu


class BenchConvReluPool(OfConvolution, Timing):
    spec = spec.TestConvReluPool
