"""Mish, forward and backward: bound by arithmetic in the caches, by memory beyond (5 arrays are read or written)."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n05_backpropagation._elementwise import Elementwise
from nnspec.spec_tests.n05_backpropagation import test_mish as spec


def jax_mish(x):
    import jax

    return jax.nn.mish(x)


class BenchMish(Elementwise, Timing):
    spec = spec.TestMish
    peers = {"jax": jitted(jax_mish)}
