"""Update-to-weight ratio: bound by memory, 2 arrays are read."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n04_optimization import test_update_ratio as spec


class BenchUpdateRatio(Timing):
    spec = spec.TestUpdateRatio
    sizes = {
        "S": {"shape": (100, 100)},
        "M": {"shape": (1024, 1024)},
        "L": {"shape": (2048, 4096)},
    }

    def traffic(self, shape, **_):
        return 2 * prod(shape)
