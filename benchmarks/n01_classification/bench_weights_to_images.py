"""Templates of a linear classifier: bound by memory, the weights are read once."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_weights_to_images as spec


class BenchWeightsToImages(Timing):
    spec = spec.TestWeightsToImages
    sizes = {"S": {"D": 192, "C": 10}, "M": {"D": 3072, "C": 10}, "L": {"D": 3072, "C": 1000}}

    def traffic(self, D, C, **_):
        return D * C
