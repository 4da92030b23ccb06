"""The bias trick, forward and backward: bound by memory, everything is copied once each way."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_bias_trick as spec


class BenchAppendOnes(Timing):
    spec = spec.TestAppendOnes
    sizes = {"S": {"N": 100, "D": 64}, "M": {"N": 500, "D": 3072}, "L": {"N": 8192, "D": 3072}}

    def traffic(self, N, D, **_):
        return 4 * N * D
