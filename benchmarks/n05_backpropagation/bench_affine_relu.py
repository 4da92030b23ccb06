"""Affine layer and ReLU in one: bound by arithmetic, three products (out, dx, dw) of 2 N D M operations each."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_affine_relu as spec


class BenchAffineRelu(Timing):
    spec = spec.TestAffineRelu
    sizes = {
        "S": {"N": 100, "d": (784,), "M": 100},
        "M": {"N": 512, "d": (1024,), "M": 1024},
    }

    def flops(self, N, d, M, **_):
        return 6 * N * prod(d) * M
