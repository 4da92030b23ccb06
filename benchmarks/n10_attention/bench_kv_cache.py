"""A step of decoding with kept keys and values: bound by memory, which reads and writes all of them."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n10_attention import test_kv_cache as spec


class BenchMhaStep(Timing):
    spec = spec.TestMhaStep
    sizes = {
        "S": {"N": 4, "T": 1, "E": 64, "S": 64},
        "M": {"N": 8, "T": 1, "E": 256, "S": 512},
    }
    options = {"heads": 4}

    def traffic(self, N, T, E, S, **_):
        return 4 * N * (S + T) * E + 4 * E * E
