"""Scaled dot-product attention, forward and backward: bound by arithmetic, 14 Tq Tk d operations a head."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n10_attention import test_sdpa as spec

SIZES = {
    "S": {"batch": (16, 4), "Tq": 32, "d": 32, "Tk": 32, "dv": 32},
    "M": {"batch": (4, 8), "Tq": 512, "d": 64, "Tk": 512, "dv": 64},
    "L": {"batch": (1, 8), "Tq": 2048, "d": 64, "Tk": 2048, "dv": 64},
}
CAUSAL = {"mask": spec.causal}


class BenchSdpa(Timing):
    spec = spec.TestSdpa
    sizes = SIZES


class BenchCausalSdpa(Timing):
    spec = spec.TestSdpa
    sizes = {f"{name} causal": size for name, size in SIZES.items()}
    options = CAUSAL
