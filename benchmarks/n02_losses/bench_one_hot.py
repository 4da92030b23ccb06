"""One-hot encoding: bound by memory, one number is read for each row that is written."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n02_losses import test_one_hot as spec


class BenchOneHot(Timing):
    spec = spec.TestOneHot
    options = {"dtype": "float32"}
    inputs = {"n_classes": 10}
    sizes = {"S": {"shape": (100,)}, "M": {"shape": (4096,)}, "L": {"shape": (1_000_000,)}}

    def traffic(self, shape, **_):
        return 11 * shape[0]
