"""Scaled dot-product attention, forward and backward: bound by arithmetic, 14 Tq Tk d operations a head."""

from math import prod

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n10_attention import test_sdpa as spec

SIZES = {
    "S": {"batch": (16, 4), "Tq": 32, "d": 32, "Tk": 32, "dv": 32},
    "M": {"batch": (4, 8), "Tq": 512, "d": 64, "Tk": 512, "dv": 64},
    "L": {"batch": (1, 8), "Tq": 2048, "d": 64, "Tk": 2048, "dv": 64},
}
CAUSAL = {"mask": spec.causal}


def jax_sdpa(q, k, v, mask=True):
    import jax

    scores = q @ k.mT / q.shape[-1] ** 0.5
    return jax.nn.softmax(jax.numpy.where(mask, scores, -jax.numpy.inf)) @ v


class BenchSdpa(Timing):
    spec = spec.TestSdpa
    peers = {"jax": jitted(jax_sdpa)}
    sizes = SIZES
    scaled = ("Tq", "Tk")
    exponent = 2

    def flops(self, batch, Tq, Tk, d, **_):
        return 14 * prod(batch) * Tq * Tk * d


class BenchCausalSdpa(BenchSdpa):
    sizes = {f"{name} causal": size for name, size in SIZES.items()}
    options = CAUSAL

    def flops(self, **dims):
        return super().flops(**dims) / 2  # what the mask hides need not be computed
