"""GELU, forward and backward: bound by arithmetic in the caches, by memory beyond (5 arrays are read or written)."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n05_backpropagation._elementwise import Elementwise
from nnspec.spec_tests.n05_backpropagation import test_gelu as spec


def jax_gelu(x, approximate=False):
    import jax

    return jax.nn.gelu(x, approximate=approximate)


class BenchGelu(Elementwise, Timing):
    spec = spec.TestGelu
    peers = {"jax": jitted(jax_gelu)}


class BenchGeluTanhForm(BenchGelu):
    options = {"approximate": True}
