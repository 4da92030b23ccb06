"""Mean squared error, forward and backward: bound by memory, both arrays are read twice and a gradient is written."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n02_losses._entrywise import Entrywise
from nnspec.spec_tests.n02_losses import test_mse_loss as spec


class BenchMseLoss(Entrywise, Timing):
    spec = spec.TestMseLoss
