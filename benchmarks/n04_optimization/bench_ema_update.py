"""Moving average of the parameters: bound by memory, 2 arrays are read and 1 is written."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n04_optimization import test_ema_update as spec


class BenchEmaUpdate(Timing):
    spec = spec.TestEmaUpdate
    sizes = {
        "S": {"shape": (100, 100)},
        "M": {"shape": (1024, 1024)},
        "L": {"shape": (2048, 4096)},
    }

    def traffic(self, shape, **_):
        return 3 * prod(shape)
