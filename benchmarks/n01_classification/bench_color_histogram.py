"""Colour histograms: bound by memory, an image is read once."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_color_histogram as spec


class BenchColorHistogramHsv(Timing):
    spec = spec.TestColorHistogramHsv
    sizes = {"S": {"H": 32, "W": 32}, "M": {"H": 256, "W": 256}, "L": {"H": 1024, "W": 1024}}

    def traffic(self, H, W, **_):
        return 3 * H * W
