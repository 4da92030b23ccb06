"""Per-channel normalization: bound by memory. The statistics read x once, the others read and write it."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n08_training import test_channel_normalize as spec


class OfImages:
    sizes = {
        "S": {"N": 8, "C": 3, "H": 32, "W": 32},
        "M": {"N": 256, "C": 3, "H": 32, "W": 32},
        "L": {"N": 1000, "C": 3, "H": 64, "W": 64},
    }
    numbers = 2  # of each pixel

    def traffic(self, N, C, H, W, **_):
        return self.numbers * N * C * H * W


class BenchChannelStats(OfImages, Timing):
    spec = spec.TestChannelStats
    numbers = 1


class BenchChannelNormalize(OfImages, Timing):
    spec = spec.TestChannelNormalize
    numbers = 4


class BenchChannelDenormalize(OfImages, Timing):
    spec = spec.TestChannelDenormalize
