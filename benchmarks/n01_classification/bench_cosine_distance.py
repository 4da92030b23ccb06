"""Cosine distance, forward and backward: three products, 2 Nq Nt D operations each."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n01_classification.bench_knn import IMAGES
from nnspec.spec_tests.n01_classification import test_cosine_distance as spec


class BenchCosineDistance(Timing):
    spec = spec.TestCosineDistance
    sizes = IMAGES
    scaled = ("Nt",)

    def flops(self, Nq, Nt, D, **_):
        return 6 * Nq * Nt * D
