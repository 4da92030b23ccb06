"""Transformer encoder layer, forward and backward: bound by the arithmetic of its attention and feed-forward network,
24 E^2 + 12 E H operations a token and 14 T^2 E a sequence."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n10_attention import test_encoder_layer as spec


class BenchEncoderLayerPost(Timing):
    spec = spec.TestEncoderLayerPost
    sizes = {
        "S": {"N": 16, "T": 32, "E": 64, "H": 256},
        "M": {"N": 8, "T": 128, "E": 256, "H": 1024},
    }
    options = {"heads": 4}

    def flops(self, N, T, E, H, **_):
        return N * T * (24 * E * E + 12 * E * H + 14 * T * E)


class BenchEncoderLayerPre(BenchEncoderLayerPost):
    spec = spec.TestEncoderLayerPre
