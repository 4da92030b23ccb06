"""Layer normalization, forward and backward: bound by memory, 5 arrays are read or written at least."""

from math import prod

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n07_residual_networks import test_layernorm as spec


def jax_layernorm(x, gamma, beta):
    import jax

    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(var + 1e-5) * gamma + beta


class BenchLayernorm(Timing):
    spec = spec.TestLayernorm
    peers = {"jax": jitted(jax_layernorm)}
    sizes = {
        "S": {"batch": (100,), "D": 100},
        "M": {"batch": (32, 64), "D": 512},
        "L": {"batch": (8192,), "D": 768},
    }

    def traffic(self, batch, D, **_):
        return 5 * prod(batch) * D
