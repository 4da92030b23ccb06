"""Softplus, forward and backward: bound by arithmetic in the caches, by memory beyond."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n05_backpropagation._elementwise import Elementwise
from nnspec.spec_tests.n05_backpropagation import test_softplus as spec


def jax_softplus(x):
    import jax

    return jax.nn.softplus(x)


class BenchSoftplus(Elementwise, Timing):
    spec = spec.TestSoftplus
    peers = {"jax": jitted(jax_softplus)}
