"""Gradient descent with weight decay, three steps: bound by memory, a step reads 2 arrays and writes 1."""

from nnspec.benchmarks.n04_optimization.bench_sgd import BenchSgd
from nnspec.spec_tests.n03_regularization import test_sgd_weight_decay as spec


class BenchSgdWeightDecay(BenchSgd):
    spec = spec.TestSgdWeightDecay
