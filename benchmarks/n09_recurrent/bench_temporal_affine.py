"""Affine layer at every step: bound by arithmetic, three products (out, dx, dw) of 2 N T D M operations each."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n09_recurrent import test_temporal_affine as spec


class BenchTemporalAffine(Timing):
    spec = spec.TestTemporalAffine
    sizes = {
        "S": {"N": 16, "T": 20, "D": 64, "M": 65},
        "M": {"N": 64, "T": 50, "D": 256, "M": 512},
        "L": {"N": 64, "T": 100, "D": 512, "M": 5000},
    }

    def flops(self, N, T, D, M, **_):
        return 6 * N * T * D * M
