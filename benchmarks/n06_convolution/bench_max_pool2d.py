"""2x2 max pooling, forward and backward: bound by memory, x is read, dx written, and both of out in between."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n06_convolution import test_max_pool2d as spec


def jax_max_pool2d(x):
    import jax

    window = (1, 1, 2, 2)
    return jax.lax.reduce_window(x, -jax.numpy.inf, jax.lax.max, window, window, "valid")


class BenchMaxPool2d(Timing):
    spec = spec.TestMaxPool2d
    peers = {"jax": jitted(jax_max_pool2d)}
    sizes = {
        "S": {"N": 8, "C": 8, "H": 16, "W": 16},
        "M": {"N": 64, "C": 32, "H": 32, "W": 32},
        "L": {"N": 64, "C": 64, "H": 64, "W": 64},
    }

    def traffic(self, N, C, H, W, **_):
        return 2.5 * N * C * H * W
