"""Fully connected network, loss and gradients: bound by arithmetic, 6 N sum_l H_{l-1} H_l floating-point operations."""

from itertools import pairwise
from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_fc_net as spec

SIZES = {
    "S": {"N": 100, "d": (64,), "H": (100, 100), "C": 10},
    "M": {"N": 200, "d": (32, 32, 3), "H": (500, 500), "C": 10},
}


class BenchFcNet(Timing):
    spec = spec.TestFcNet
    sizes = SIZES

    def flops(self, N, d, H, C, **_):
        return 6 * N * sum(a * b for a, b in pairwise((prod(d), *H, C)))


class BenchFcNetBatchnorm(BenchFcNet):
    spec = spec.TestFcNetBatchnorm
