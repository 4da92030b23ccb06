"""tanh, forward and backward: bound by arithmetic in the caches, by memory beyond (5 arrays are read or written)."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n05_backpropagation._elementwise import Elementwise
from nnspec.spec_tests.n05_backpropagation import test_tanh as spec


def jax_tanh(x):
    import jax

    return jax.numpy.tanh(x)


class BenchTanh(Elementwise, Timing):
    spec = spec.TestTanh
    peers = {"jax": jitted(jax_tanh)}
