"""L2 penalty with its gradient: bound by memory, the weights are read and their gradient is written."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n03_regularization import test_l2_penalty as spec


class BenchL2Penalty(Timing):
    spec = spec.TestL2Penalty
    sizes = {
        "S": {"shape": (100, 100)},
        "M": {"shape": (1024, 1024)},
        "L": {"shape": (2048, 4096)},
    }

    def traffic(self, shape, **_):
        return 2 * prod(shape)
