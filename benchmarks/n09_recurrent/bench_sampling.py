"""The distribution to sample from, at a temperature: one exp a score, then bound by memory. And its draws."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n09_recurrent import test_sampling as spec


class BenchSamplingDistribution(Timing):
    spec = spec.TestSamplingDistribution
    sizes = {
        "S": {"N": 16, "V": 65},
        "M": {"N": 64, "V": 5000},
        "L": {"N": 256, "V": 50000},
    }

    def traffic(self, N, V, **_):
        return 2 * N * V


class BenchSampleStep(BenchSamplingDistribution):
    spec = spec.TestSampleStep
