"""L1 penalty and elastic net with their gradients: bound by memory, weights are read and their gradient is written."""

from nnspec.benchmarks.n03_regularization.bench_l2_penalty import BenchL2Penalty
from nnspec.spec_tests.n03_regularization import test_elastic_net as spec


class BenchElasticNet(BenchL2Penalty):
    spec = spec.TestElasticNet


class BenchL1Penalty(BenchL2Penalty):
    spec = spec.TestL1Penalty
