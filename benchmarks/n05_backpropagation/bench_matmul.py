"""Batched matrix product, forward and backward: three products of 2 N K M operations for each matrix of the batch."""

from math import prod

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_matmul as spec


def jax_matmul(a, b):
    return a @ b


class BenchMatmul(Timing):
    spec = spec.TestMatmul
    peers = {"jax": jitted(jax_matmul)}
    sizes = {  # M: the scores of 4 x 8 heads of attention
        "S": {"batch": (16,), "N": 16, "K": 16, "M": 16},
        "M": {"batch": (32,), "N": 128, "K": 64, "M": 128},
        "L": {"batch": (8,), "N": 512, "K": 512, "M": 512},
    }

    def flops(self, batch, N, K, M, **_):
        return 6 * prod(batch) * N * K * M
