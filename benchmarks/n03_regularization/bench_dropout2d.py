"""Spatial dropout, forward and backward: bound by memory, as dropout is; here the mask is written for every pixel."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n03_regularization import test_dropout2d as spec


class BenchDropout2d(Timing):
    spec = spec.TestDropout2d
    sizes = {
        "S": {"N": 10, "C": 10, "H": 10, "W": 10},
        "M": {"N": 32, "C": 32, "H": 32, "W": 32},
        "L": {"N": 64, "C": 64, "H": 64, "W": 32},
    }

    def traffic(self, N, C, H, W, **_):
        return 4 * N * C * H * W
