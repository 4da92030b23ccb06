"""Transformer encoder layer, forward and backward: bound by the arithmetic of its attention and feed-forward network,
24 E^2 + 12 E H operations a token and 14 T^2 E a sequence."""

from functools import partial

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks._torch import trained
from nnspec.spec_tests.n10_attention import test_encoder_layer as spec


def torch_layer(E, H, heads, norm_first=False, **_):
    from torch import nn

    options = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": norm_first}
    return nn.TransformerEncoderLayer(E, heads, H, **options)


class BenchEncoderLayerPost(Timing):
    spec = spec.TestEncoderLayerPost
    peers = {"torch.nn": trained("encoder_layer", torch_layer)}
    sizes = {
        "S": {"N": 16, "T": 32, "E": 64, "H": 256},
        "M": {"N": 8, "T": 128, "E": 256, "H": 1024},
    }
    options = {"heads": 4}

    def flops(self, N, T, E, H, **_):
        return N * T * (24 * E * E + 12 * E * H + 14 * T * E)


class BenchEncoderLayerPre(BenchEncoderLayerPost):
    spec = spec.TestEncoderLayerPre
    peers = {"torch.nn": trained("encoder_layer", partial(torch_layer, norm_first=True))}
