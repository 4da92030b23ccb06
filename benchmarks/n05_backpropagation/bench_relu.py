"""ReLU, forward and backward: bound by memory, 5 arrays are read or written."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n05_backpropagation._elementwise import Elementwise
from nnspec.spec_tests.n05_backpropagation import test_relu as spec


def jax_relu(x):
    import jax

    return jax.nn.relu(x)


class BenchRelu(Elementwise, Timing):
    spec = spec.TestRelu
    peers = {"jax": jitted(jax_relu)}
