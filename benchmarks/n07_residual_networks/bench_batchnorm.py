"""Batch normalization in training, forward and backward: bound by memory, 5 arrays are read or written at least."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n07_residual_networks import test_batchnorm as spec


def jax_batchnorm(x, gamma, beta, running_mean, running_var):
    import jax

    axes, of_a_channel = (0, *range(2, x.ndim)), (-1, *[1] * (x.ndim - 2))
    mean, var = x.mean(axes), x.var(axes)
    scale = (gamma * jax.lax.rsqrt(var + 1e-5)).reshape(of_a_channel)
    out = (x - mean.reshape(of_a_channel)) * scale + beta.reshape(of_a_channel)
    return out, 0.9 * running_mean + 0.1 * mean, 0.9 * running_var + 0.1 * var


class BenchBatchnorm(Timing):
    spec = spec.TestBatchnorm
    peers = {"jax": jitted(jax_batchnorm)}
    sizes = {
        "S": {"N": 100, "D": 100},
        "M": {"N": 1024, "D": 512},
        "L": {"N": 4096, "D": 1024},
    }

    def traffic(self, N, D, **_):
        return 5 * N * D


class BenchBatchnorm2d(Timing):
    spec = spec.TestBatchnorm2d
    peers = {"jax": jitted(jax_batchnorm)}
    sizes = {
        "S": {"N": 8, "C": 16, "H": 8, "W": 8},
        "M": {"N": 64, "C": 32, "H": 16, "W": 16},
        "L": {"N": 64, "C": 64, "H": 32, "W": 32},
    }

    def traffic(self, N, C, H, W, **_):
        return 5 * N * C * H * W
