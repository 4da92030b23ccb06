"""Distance-weighted vote: every neighbour's label is compared with all others of its query."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_knn_vote_weighted as spec


class BenchKnnVoteWeighted(Timing):
    spec = spec.TestKnnVoteWeighted
    sizes = {"S": {"Nq": 50, "K": 5}, "M": {"Nq": 1000, "K": 10}}

    def flops(self, Nq, K, **_):
        return Nq * K * (K + 3)
