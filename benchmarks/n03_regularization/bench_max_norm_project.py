"""Max-norm constraint: bound by memory, the weights are read for the norms, and again where they are written."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n03_regularization import test_max_norm_project as spec


class BenchMaxNormProject(Timing):
    spec = spec.TestMaxNormProject
    inputs = {"c": 3.0}
    sizes = {"S": {"D": 100, "M": 100}, "M": {"D": 1024, "M": 1024}, "L": {"D": 2048, "M": 4096}}

    def traffic(self, D, M, **_):
        return 2 * D * M
