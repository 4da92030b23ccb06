"""Surprisal, forward and backward: a logarithm an entry, then bound by memory."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n02_losses._entrywise import Entrywise
from nnspec.spec_tests.n02_losses import test_surprisal as spec


class BenchSurprisal(Timing):
    spec = spec.TestSurprisal
    sizes = Entrywise.sizes

    def traffic(self, shape, **_):
        return 5 * prod(shape)
