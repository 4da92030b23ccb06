"""SwiGLU, forward and backward: the gate alone is bound by memory, 8 arrays are read or written; the network by
arithmetic, 18 E H operations a token."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n10_attention import test_swiglu as spec


class BenchSwiglu(Timing):
    spec = spec.TestSwiglu
    sizes = {"S": {"shape": (64, 128)}, "M": {"shape": (2048, 512)}}

    def traffic(self, shape, **_):
        return 8 * prod(shape)


class BenchSwigluMlp(Timing):
    spec = spec.TestSwigluMlp
    sizes = {
        "S": {"batch": (16, 32), "E": 64, "H": 170},
        "M": {"batch": (8, 256), "E": 256, "H": 682},
    }

    def flops(self, batch, E, H, **_):
        return 18 * prod(batch) * E * H
