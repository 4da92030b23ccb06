"""Global average pooling, forward and backward: bound by memory, x is read and dx written."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n06_convolution import test_global_avg_pool as spec


class BenchGlobalAvgPool(Timing):
    spec = spec.TestGlobalAvgPool
    peers = {"jax": jitted(lambda x: x.mean(axis=(2, 3)))}
    sizes = {
        "S": {"N": 8, "C": 64, "H": 8, "W": 8},
        "M": {"N": 128, "C": 256, "H": 8, "W": 8},
        "L": {"N": 64, "C": 2048, "H": 14, "W": 14},
    }

    def traffic(self, N, C, H, W, **_):
        return 2 * N * C * (H * W + 1)
