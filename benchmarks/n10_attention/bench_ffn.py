"""Position-wise feed-forward network, forward and backward: bound by arithmetic, 12 E H operations a token."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n10_attention import test_ffn as spec


class BenchFfn(Timing):
    spec = spec.TestFfn
    sizes = {
        "S": {"batch": (16, 32), "E": 64, "H": 256},
        "M": {"batch": (8, 256), "E": 256, "H": 1024},
    }

    def flops(self, batch, E, H, **_):
        return 12 * prod(batch) * E * H
