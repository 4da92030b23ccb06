"""L1 loss, forward and backward: bound by memory, both arrays are read twice and a gradient is written."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n02_losses._entrywise import Entrywise
from nnspec.spec_tests.n02_losses import test_l1_loss as spec


class BenchL1Loss(Entrywise, Timing):
    spec = spec.TestL1Loss
