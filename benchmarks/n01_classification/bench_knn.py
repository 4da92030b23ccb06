"""kNN on flat images: distances are bound by arithmetic, 3 Nq Nt D operations, selection by reading them once."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_knn as spec

IMAGES = {"S": {"Nq": 50, "Nt": 500, "D": 64}, "M": {"Nq": 100, "Nt": 4000, "D": 784}}


def sklearn_distance(problem):
    from sklearn.metrics.pairwise import euclidean_distances

    xq, xt = problem.inputs.values()
    return lambda: {"d": euclidean_distances(xq, xt)}


def sklearn_prediction(problem):
    """Fitted and asked in one call, as ours is; for method "brute" a fit keeps the training points."""
    from sklearn.neighbors import KNeighborsClassifier

    x_train, y_train, x_test = problem.inputs.values()
    k = problem.options["k"]
    return lambda: {"y": KNeighborsClassifier(k, algorithm="brute").fit(x_train, y_train).predict(x_test)}


class BenchL1Distance(Timing):
    spec = spec.TestL1Distance
    sizes = {"S": IMAGES["S"]}
    scaled = ("Nt",)

    def flops(self, Nq, Nt, D, **_):
        return 7 * Nq * Nt * D  # 3 forward, 4 backward


class BenchL2Distance(Timing):
    spec = spec.TestL2Distance
    sizes = {"S": IMAGES["S"]}
    scaled = ("Nt",)

    def flops(self, Nq, Nt, D, **_):
        return 7 * Nq * Nt * D  # 3 forward, 4 backward


class BenchL2DistanceGemm(Timing):
    spec = spec.TestL2DistanceGemm
    sizes = IMAGES
    peers = {"sklearn": sklearn_distance}
    scaled = ("Nt",)

    def flops(self, Nq, Nt, D, **_):
        return 2 * Nq * Nt * D


class BenchKnnIndices(Timing):
    spec = spec.TestKnnIndices
    sizes = IMAGES
    inputs = {"k": 10}
    scaled = ("Nt",)

    def traffic(self, Nq, Nt, **_):
        return Nq * Nt


class BenchKnnVote(Timing):
    spec = spec.TestKnnVote
    sizes = {"S": {"Nq": 50, "K": 5}, "M": {"Nq": 1000, "K": 10}}


class BenchKnnPredict(Timing):
    spec = spec.TestKnnPredict
    sizes = IMAGES
    options = {"k": 10}
    peers = {"sklearn": sklearn_prediction}
    scaled = ("Nt",)

    def flops(self, Nq, Nt, D, **_):
        return 3 * Nq * Nt * D
