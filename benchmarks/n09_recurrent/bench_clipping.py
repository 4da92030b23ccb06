"""Gradient clipping: bound by memory, the gradients are read twice for the norm and written once."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n09_recurrent import test_clipping as spec

SIZES = {
    "S": {"N": 100, "D": 100},
    "M": {"N": 1024, "D": 1024},
    "L": {"N": 2048, "D": 4096},
}


class BenchClipByGlobalNorm(Timing):
    spec = spec.TestClipByGlobalNorm
    sizes = SIZES

    def traffic(self, N, D, **_):
        return 3 * (N * D + D)


class BenchClipByValue(Timing):
    spec = spec.TestClipByValue
    sizes = SIZES

    def traffic(self, N, D, **_):
        return 2 * (N * D + D)
