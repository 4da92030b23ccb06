"""Affine: bound by arithmetic, three products (out, dx, dw) of 2 N D M floating-point operations each."""

from math import prod

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_affine as spec


def jax_affine(x, w, b):
    return x.reshape(len(x), -1) @ w + b


class BenchAffine(Timing):
    spec = spec.TestAffine
    peers = {"jax": jitted(jax_affine)}
    sizes = {
        "S": {"N": 100, "d": (784,), "M": 100},
        "M": {"N": 512, "d": (1024,), "M": 1024},
        "L": {"N": 2048, "d": (768,), "M": 3072},
    }

    def flops(self, N, d, M, **_):
        return 6 * N * prod(d) * M
