"""Relative error: bound by memory, 2 arrays are read."""

from nnspec.benchmarks.n04_optimization.bench_update_ratio import BenchUpdateRatio
from nnspec.spec_tests.n04_optimization import test_rel_error as spec


class BenchRelError(BenchUpdateRatio):
    spec = spec.TestRelError
