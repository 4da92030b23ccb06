"""Softmax, forward and backward: one exp a score, then bound by memory."""

from math import prod

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n02_losses import test_softmax as spec


def jax_softmax(x):
    import jax

    return jax.nn.softmax(x)


class BenchSoftmax(Timing):
    spec = spec.TestSoftmax
    peers = {"jax": jitted(jax_softmax)}
    sizes = {
        "S": {"shape": (100, 10)},
        "M": {"shape": (4096, 512)},
        "L": {"shape": (16384, 1024)},
    }

    def traffic(self, shape, **_):
        return 5 * prod(shape)
