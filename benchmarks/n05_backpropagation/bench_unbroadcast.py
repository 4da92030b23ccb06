"""The gradient of one scale for each row of a batch of sequences: bound by memory, it is read once."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_unbroadcast as spec


class BenchUnbroadcast(Timing):
    spec = spec.TestUnbroadcast
    sizes = {"S": {"full": (10, 32, 64)}, "M": {"full": (16, 64, 512)}, "L": {"full": (64, 256, 512)}}

    def traffic(self, full, **_):
        return prod(full)
