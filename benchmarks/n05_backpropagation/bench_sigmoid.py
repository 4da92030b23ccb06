"""sigmoid, forward and backward: bound by arithmetic in the caches, by memory beyond (5 arrays are read or written)."""

from math import prod

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_sigmoid as spec


def jax_sigmoid(x):
    import jax

    return jax.nn.sigmoid(x)


class BenchSigmoid(Timing):
    spec = spec.TestSigmoid
    peers = {"jax": jitted(jax_sigmoid)}
    sizes = {
        "S": {"shape": (100, 100)},
        "M": {"shape": (512, 1024)},
        "L": {"shape": (64, 64, 32, 32)},
    }

    def traffic(self, shape, **_):
        return 5 * prod(shape)
