"""NT-Xent, forward and backward: three products of 8 N^2 D operations; of few features the similarities are memory."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n02_losses import test_nt_xent as spec


class BenchNtXent(Timing):
    spec = spec.TestNtXent
    exponent = 2
    sizes = {
        "S": {"N": 16, "D": 32},
        "M": {"N": 256, "D": 128},
        "L": {"N": 1024, "D": 256},
    }

    def flops(self, N, D, **_):
        return 3 * 8 * N * N * D
