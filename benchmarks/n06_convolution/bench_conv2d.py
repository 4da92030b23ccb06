"""2-D convolution, forward and backward: bound by arithmetic, 6 N F C KH KW HO WO floating-point operations."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n06_convolution import test_conv2d as spec

KERNEL = {"KH": 3, "KW": 3}


def jax_conv2d(x, w, b, pad):
    import jax

    return jax.lax.conv_general_dilated(x, w, (1, 1), [(pad, pad)] * 2) + b[:, None, None]


class BenchConv2d(Timing):
    spec = spec.TestConv2d
    peers = {"jax": jitted(jax_conv2d)}
    sizes = {
        "S": {"N": 8, "C": 3, "H": 16, "W": 16, "F": 8} | KERNEL,
        "M": {"N": 64, "C": 3, "H": 32, "W": 32, "F": 32} | KERNEL,
        "L": {"N": 64, "C": 64, "H": 32, "W": 32, "F": 64} | KERNEL,
    }
    options = {"pad": 1}

    def flops(self, N, C, H, W, F, KH, KW, **_):
        return 6 * N * F * C * KH * KW * (H + 3 - KH) * (W + 3 - KW)
