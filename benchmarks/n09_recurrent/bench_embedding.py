"""Embedding, forward and backward: bound by memory, N T rows of D numbers are read and written twice, and dw once."""

from math import prod

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n09_recurrent import test_embedding as spec


def jax_embedding(ids, w):
    return w[ids]


class BenchEmbedding(Timing):
    spec = spec.TestEmbedding
    peers = {"jax": jitted(jax_embedding)}
    sizes = {
        "S": {"N": 16, "T": (20,), "V": 65, "D": 64},
        "M": {"N": 64, "T": (50,), "V": 5000, "D": 256},
        "L": {"N": 64, "T": (256,), "V": 50000, "D": 512},
    }

    def traffic(self, N, T, V, D, **_):
        return 4 * N * prod(T) * D + V * D
