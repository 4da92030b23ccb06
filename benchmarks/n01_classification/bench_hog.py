"""Histogram of oriented gradients: bound by arithmetic (an arctangent a pixel); the limit is that of memory."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_hog as spec


class BenchHogFeature(Timing):
    spec = spec.TestHogFeature
    sizes = {"S": {"H": 32, "W": 32}, "M": {"H": 256, "W": 256}, "L": {"H": 1024, "W": 1024}}
    options = {"cell": 8}

    def traffic(self, H, W, **_):
        return 3 * H * W
