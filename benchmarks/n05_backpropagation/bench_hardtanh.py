"""Hard tanh, forward and backward: bound by arithmetic in the caches, by memory beyond."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n05_backpropagation._elementwise import Elementwise
from nnspec.spec_tests.n05_backpropagation import test_hardtanh as spec


def jax_hardtanh(x):
    import jax

    return jax.nn.hard_tanh(x)


class BenchHardtanh(Elementwise, Timing):
    spec = spec.TestHardtanh
    peers = {"jax": jitted(jax_hardtanh)}
