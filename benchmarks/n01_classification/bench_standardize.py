"""Standardized features: bound by memory. The statistics read x once, the others read and write it; and the pipeline
from images to features, which is mostly arctangents."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_standardize as spec


class OfFeatures:
    sizes = {"S": {"N": 100, "F": 154}, "M": {"N": 5000, "F": 154}, "L": {"N": 49000, "F": 154}}
    numbers = 2

    def traffic(self, N, F, **_):
        return self.numbers * N * F


class BenchStandardizeFit(OfFeatures, Timing):
    spec = spec.TestStandardizeFit
    numbers = 1


class BenchStandardize(OfFeatures, Timing):
    spec = spec.TestStandardize


class BenchFeaturePipeline(Timing):
    spec = spec.TestFeaturePipeline
    sizes = {
        "S": {"Nt": 5, "N": 2, "H": 32, "W": 32},
        "M": {"Nt": 50, "N": 20, "H": 32, "W": 32},
        "L": {"Nt": 200, "N": 50, "H": 32, "W": 32},
    }
    options = {"cell": 8}

    def traffic(self, Nt, N, H, W, **_):
        return 3 * (Nt + N) * H * W
