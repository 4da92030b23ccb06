"""The mask of lengths: bound by memory, an entry of one byte is written for each step."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n09_recurrent import test_padding as spec


class BenchLengthsToMask(Timing):
    spec = spec.TestLengthsToMask
    sizes = {"S": {"N": 64, "T": 50}, "M": {"N": 5000, "T": 200}, "L": {"N": 50000, "T": 500}}

    def traffic(self, N, T, **_):
        return N * T / 4  # of four bytes
