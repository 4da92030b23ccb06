"""Binary cross-entropy of probabilities, forward and backward: two logarithms an entry, then bound by memory."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n02_losses._entrywise import Entrywise
from nnspec.spec_tests.n02_losses import test_bce as spec


class BenchBce(Entrywise, Timing):
    spec = spec.TestBce
