"""Huber loss, forward and backward: bound by memory, both arrays are read twice and a gradient is written."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n02_losses._entrywise import Entrywise
from nnspec.spec_tests.n02_losses import test_huber as spec


class BenchHuber(Entrywise, Timing):
    spec = spec.TestHuber
