"""Masked softmax, forward and backward: one exp a score, then bound by memory."""

from math import prod

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n10_attention import test_masked_softmax as spec

MASKED = {"mask": spec.some}


def jax_masked_softmax(x, mask):
    import jax

    return jax.nn.softmax(x, where=mask)


class BenchMaskedSoftmax(Timing):
    spec = spec.TestMaskedSoftmax
    peers = {"jax": jitted(jax_masked_softmax)}
    sizes = {
        "S": {"batch": (64,), "T": 32},
        "M": {"batch": (4096,), "T": 512},
        "L": {"batch": (16384,), "T": 1024},
    }
    options = MASKED

    def traffic(self, batch, T, **_):
        return 5 * prod(batch) * T
