"""Statistics of activations: bound by memory, they are read once."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_activation_stats as spec


class BenchActivationStats(Timing):
    spec = spec.TestActivationStats
    sizes = {"S": {"N": 100, "units": (100,)}, "M": {"N": 128, "units": (4096,)}, "L": {"N": 64, "units": (64, 32, 32)}}

    def traffic(self, N, units, **_):
        return N * prod(units)
