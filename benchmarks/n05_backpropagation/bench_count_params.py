"""Counting parameters reads none of them: bound by nothing but the calls."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_count_params as spec


class BenchCountParams(Timing):
    spec = spec.TestCountParams
    sizes = {"S": {"D": 100, "M": 100}, "M": {"D": 1000, "M": 1000}, "L": {"D": 4096, "M": 1000}}

    def traffic(self, **_):
        return 1
