"""KL divergence and cross-entropy of distributions, forward and backward: two logarithms an entry in each direction,
then bound by memory."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n02_losses import test_kl_divergence as spec


class BenchKlDivergence(Timing):
    spec = spec.TestKlDivergence
    sizes = {
        "S": {"N": 100, "K": 10},
        "M": {"N": 4096, "K": 10},
        "L": {"N": 4096, "K": 1000},
    }

    def traffic(self, N, K, **_):
        return 6 * N * K


class BenchCrossEntropyDist(BenchKlDivergence):
    spec = spec.TestCrossEntropyDist
