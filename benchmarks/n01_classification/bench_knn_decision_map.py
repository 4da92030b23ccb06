"""Decision map of kNN: a query for every place of a picture; the points are few, so selection is most of it."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_knn_decision_map as spec


class BenchKnnDecisionMap(Timing):
    spec = spec.TestKnnDecisionMap
    sizes = {"S": {"N": 100, "Gx": 60, "Gy": 40}, "M": {"N": 300, "Gx": 200, "Gy": 150}}
    options = {"k": 5}
    scaled = ("Gx",)

    def traffic(self, N, Gx, Gy, **_):
        return N * Gx * Gy
