"""Accuracy: bound by memory, both labels are read once."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_accuracy as spec


class BenchAccuracy(Timing):
    spec = spec.TestAccuracy
    sizes = {"S": {"N": 1000}, "M": {"N": 100_000}, "L": {"N": 10_000_000}}

    def traffic(self, N, **_):
        return 2 * N
