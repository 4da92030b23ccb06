"""Mean-image subtraction: bound by memory. The mean reads x once, the subtraction reads and writes it."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_mean_image as spec


class OfImages:
    sizes = {"S": {"N": 100, "d": (8, 8)}, "M": {"N": 500, "d": (3, 32, 32)}, "L": {"N": 8192, "d": (3, 32, 32)}}
    numbers = 1  # of each pixel

    def traffic(self, N, d, **_):
        return self.numbers * N * prod(d)


class BenchMeanImage(OfImages, Timing):
    spec = spec.TestMeanImage


class BenchSubtractMean(OfImages, Timing):
    spec = spec.TestSubtractMean
    numbers = 2
