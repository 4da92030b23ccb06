"""Reductions over the last axes, forward and backward: bound by memory, x is read once and dx written once."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_reductions as spec


class OverImages:
    """Of each channel over all images and pixels: axes that lie apart."""

    sizes = {
        "S": {"shape": (4, 16, 8, 8)},
        "M": {"shape": (32, 64, 16, 16)},
        "L": {"shape": (64, 64, 32, 32)},
    }
    options = {"axis": (2, 3)}

    def traffic(self, shape, **_):
        return 2 * prod(shape)


class BenchReduceSum(OverImages, Timing):
    spec = spec.TestReduceSum


class BenchReduceMean(OverImages, Timing):
    spec = spec.TestReduceMean


class BenchReduceMax(OverImages, Timing):
    spec = spec.TestReduceMax
