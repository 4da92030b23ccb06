"""Entropy, forward and backward: a logarithm an entry in each direction, then bound by memory."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n02_losses._entrywise import Entrywise
from nnspec.spec_tests.n02_losses import test_entropy as spec


class BenchEntropy(Timing):
    spec = spec.TestEntropy
    sizes = Entrywise.sizes

    def traffic(self, shape, **_):
        return 3 * prod(shape)
