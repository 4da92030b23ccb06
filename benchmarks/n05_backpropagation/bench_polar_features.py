"""Polar features: an arc tangent for every point, bound by memory where that is quick."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_polar_features as spec


class BenchPolarFeatures(Timing):
    spec = spec.TestPolarFeatures
    sizes = {"S": {"N": 1000}, "M": {"N": 100_000}, "L": {"N": 2_000_000}}

    def traffic(self, N, **_):
        return 4 * N
