"""Scores of a linear classifier: bound by arithmetic, three products of 2 N D C operations each, or one to predict."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_linear_scores as spec

SIZES = {
    "S": {"N": 100, "D": 64, "C": 10},
    "M": {"N": 500, "D": 3072, "C": 10},
    "L": {"N": 4096, "D": 3072, "C": 1000},
}


class BenchLinearScores(Timing):
    spec = spec.TestLinearScores
    sizes = SIZES

    def flops(self, N, D, C, **_):
        return 6 * N * D * C


class BenchLinearPredict(Timing):
    spec = spec.TestLinearPredict
    sizes = SIZES

    def flops(self, N, D, C, **_):
        return 2 * N * D * C
