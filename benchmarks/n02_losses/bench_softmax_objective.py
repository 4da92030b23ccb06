"""The objective of a softmax classifier: bound by arithmetic, three products of 2 N D C operations each."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n02_losses import test_softmax_objective as spec


class BenchSoftmaxObjective(Timing):
    spec = spec.TestSoftmaxObjective
    sizes = {
        "S": {"N": 100, "D": 65, "C": 10},
        "M": {"N": 500, "D": 3073, "C": 10},
    }

    def flops(self, N, D, C, **_):
        return 6 * N * D * C
