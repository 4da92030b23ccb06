"""Stochastic depth, forward and backward: bound by memory, as dropout is; here the mask is written for every entry."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n03_regularization import test_drop_path as spec


class BenchDropPath(Timing):
    spec = spec.TestDropPath
    sizes = {
        "S": {"N": 100, "rest": (100,)},
        "M": {"N": 32, "rest": (64, 16, 16)},
        "L": {"N": 64, "rest": (64, 32, 32)},
    }

    def traffic(self, N, rest, **_):
        return 6 * N * prod(rest)
