"""Patch embedding, forward and backward: bound by arithmetic, 6 C H W E operations an image."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n10_attention import test_patch_embed as spec


class BenchPatchEmbed(Timing):
    spec = spec.TestPatchEmbed
    sizes = {
        "S": {"N": 16, "C": 1, "H": 8, "W": 8, "patch": 4, "E": 64},
        "M": {"N": 64, "C": 3, "H": 32, "W": 32, "patch": 4, "E": 128},
    }
    options = {"patch": 4}

    def flops(self, N, C, H, W, E, **_):
        return 6 * N * C * H * W * E


class BenchWithCls(Timing):
    spec = spec.TestWithCls
    sizes = {"S": {"N": 16, "T": 16, "E": 64}, "M": {"N": 64, "T": 64, "E": 256}}

    def traffic(self, N, T, E, **_):
        return 4 * N * T * E
