"""Concatenation of channels, forward and backward: bound by memory, every entry is read and written twice."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n07_residual_networks import test_concat_channels as spec


class BenchConcatChannels(Timing):
    spec = spec.TestConcatChannels
    sizes = {
        "S": {"N": 8, "C1": 16, "C2": 32, "C3": 8, "C4": 8, "H": 8, "W": 8},
        "M": {"N": 64, "C1": 64, "C2": 128, "C3": 32, "C4": 32, "H": 14, "W": 14},
        "L": {"N": 128, "C1": 64, "C2": 128, "C3": 32, "C4": 32, "H": 28, "W": 28},
    }

    def traffic(self, N, C1, C2, C3, C4, H, W, **_):
        return 4 * N * (C1 + C2 + C3 + C4) * H * W
