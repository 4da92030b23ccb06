"""ELU and SELU, forward and backward: bound by arithmetic in the caches, by memory beyond."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n05_backpropagation._elementwise import Elementwise
from nnspec.spec_tests.n05_backpropagation import test_elu as spec


def jax_elu(x):
    import jax

    return jax.nn.elu(x)


def jax_selu(x):
    import jax

    return jax.nn.selu(x)


class BenchElu(Elementwise, Timing):
    spec = spec.TestElu
    peers = {"jax": jitted(jax_elu)}


class BenchSelu(Elementwise, Timing):
    spec = spec.TestSelu
    peers = {"jax": jitted(jax_selu)}
