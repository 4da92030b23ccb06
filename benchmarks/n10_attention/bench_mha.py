"""Multi-head attention, forward and backward: bound by arithmetic, 24 N T E^2 operations of the projections and
14 T^2 E of each sequence's attention."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks._torch import trained
from nnspec.spec_tests.n10_attention import test_mha as spec

SIZES = {
    "S": {"N": 16, "Tq": 32, "E": 64, "Tk": 32},
    "M": {"N": 8, "Tq": 256, "E": 256, "Tk": 256},
}
CAUSAL = {"heads": 4, "mask": spec.causal_among_themselves}


def torch_mha(E, heads, **_):
    from torch import nn

    return nn.MultiheadAttention(E, heads, batch_first=True)


def torch_to_itself(module, x, heads, mask):
    """Fused attention: nobody wants the weights, and the mask is known to be causal."""
    out, _ = module(x, x, x, attn_mask=~mask, need_weights=False, is_causal=True)
    return out


class BenchMha(Timing):
    spec = spec.TestMha
    sizes = SIZES
    options = {"heads": 4}

    def flops(self, N, Tq, E, Tk, **_):
        return 12 * N * (Tq + Tk) * E * E + 14 * N * Tq * Tk * E


class BenchSelfMha(Timing):
    spec = spec.TestSelfMha
    peers = {"torch.nn": trained("mha", torch_mha, torch_to_itself)}
    sizes = {name: {"N": size["N"], "T": size["Tq"], "E": size["E"]} for name, size in SIZES.items()}
    options = CAUSAL

    def flops(self, N, T, E, **_):
        return 24 * N * T * E * E + 7 * N * T * T * E


class BenchAttentionMap(Timing):
    spec = spec.TestAttentionMap
    sizes = SIZES
    options = {"heads": 4}

    def flops(self, N, Tq, E, Tk, **_):
        return 2 * N * (Tq + Tk) * E * E + 2 * N * Tq * Tk * E
