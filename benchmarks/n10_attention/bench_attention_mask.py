"""Masks of attention: bound by memory, a byte an entry."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n10_attention import test_attention_mask as spec


class BenchPaddingMask(Timing):
    spec = spec.TestPaddingMask
    sizes = {"S": {"N": 32, "Tk": 64}, "M": {"N": 256, "Tk": 1024}}

    def traffic(self, N, Tk, **_):
        return N * Tk / 4  # bytes


class BenchCombineMasks(Timing):
    spec = spec.TestCombineMasks
    sizes = {
        "S": {"mask": (64, 64), "other": (16, 1, 1, 64)},
        "M": {"mask": (512, 512), "other": (32, 1, 1, 512)},
    }

    def traffic(self, mask, other, **_):
        return (mask[0] * mask[1] + other[0] * mask[0] * mask[1]) / 4
