"""Soft thresholding, forward and backward: bound by memory (5 arrays are read or written)."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n03_regularization.bench_dropout import SIZES
from nnspec.spec_tests.n03_regularization import test_soft_threshold as spec


class BenchSoftThreshold(Timing):
    spec = spec.TestSoftThreshold
    sizes = SIZES

    def traffic(self, shape, **_):
        return 5 * prod(shape)
