"""DropConnect, forward and backward: an affine layer, bound by arithmetic, and a pass over the weights."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n03_regularization import test_dropconnect as spec


class BenchDropconnect(Timing):
    spec = spec.TestDropconnect
    sizes = {
        "S": {"N": 10, "D": 50, "M": 20},
        "M": {"N": 128, "D": 768, "M": 512},
        "L": {"N": 1024, "D": 1024, "M": 1024},
    }

    def flops(self, N, D, M, **_):
        return 6 * N * D * M
