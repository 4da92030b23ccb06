"""Binary cross-entropy from scores, forward and backward: exp and a logarithm an entry, then bound by memory."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n02_losses._entrywise import Entrywise
from nnspec.spec_tests.n02_losses import test_bce_with_logits as spec


class BenchBceWithLogits(Entrywise, Timing):
    spec = spec.TestBceWithLogits
