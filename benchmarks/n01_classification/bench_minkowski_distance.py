"""Minkowski distance with p = 3: bound by the powers, of which there is one for each difference."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n01_classification.bench_knn import IMAGES
from nnspec.spec_tests.n01_classification import test_minkowski_distance as spec


def scipy_distance(problem):
    from scipy.spatial.distance import cdist

    xq, xt = problem.inputs.values()
    return lambda: {"d": cdist(xq, xt, "minkowski", p=3.0)}


class BenchMinkowskiDistance(Timing):
    spec = spec.TestMinkowskiDistance
    options = {"p": 3.0}
    sizes = {"S": IMAGES["S"]}
    peers = {"scipy": scipy_distance}
    scaled = ("Nt",)

    def flops(self, Nq, Nt, D, **_):
        return 5 * Nq * Nt * D
