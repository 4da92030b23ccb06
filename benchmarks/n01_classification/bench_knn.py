"""kNN on flat images: distances are bound by arithmetic, 3 Nq Nt D operations, selection by reading them once."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_knn as spec

IMAGES = {"S": {"Nq": 50, "Nt": 500, "D": 64}, "M": {"Nq": 100, "Nt": 4000, "D": 784}}


class BenchL1Distance(Timing):
    spec = spec.TestL1Distance
    sizes = {"S": IMAGES["S"]}


class BenchL2Distance(Timing):
    spec = spec.TestL2Distance
    sizes = {"S": IMAGES["S"]}


class BenchL2DistanceGemm(Timing):
    spec = spec.TestL2DistanceGemm
    sizes = IMAGES


class BenchKnnIndices(Timing):
    spec = spec.TestKnnIndices
    sizes = IMAGES
    inputs = {"k": 10}


class BenchKnnVote(Timing):
    spec = spec.TestKnnVote
    sizes = {"S": {"Nq": 50, "K": 5}, "M": {"Nq": 1000, "K": 10}}


class BenchKnnPredict(Timing):
    spec = spec.TestKnnPredict
    sizes = IMAGES
    options = {"k": 10}
