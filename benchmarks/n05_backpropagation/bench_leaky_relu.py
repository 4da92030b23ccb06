"""Leaky ReLU, forward and backward: bound by memory, 5 arrays are read or written."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n05_backpropagation._elementwise import Elementwise
from nnspec.spec_tests.n05_backpropagation import test_leaky_relu as spec


def jax_leaky_relu(x):
    import jax

    return jax.nn.leaky_relu(x)


class BenchLeakyRelu(Elementwise, Timing):
    spec = spec.TestLeakyRelu
    peers = {"jax": jitted(jax_leaky_relu)}
