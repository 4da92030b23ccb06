"""Noise injection, forward and backward: bound by memory with given noise, by the generator where it is drawn."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n03_regularization.bench_dropout import SIZES
from nnspec.spec_tests.n03_regularization import test_add_noise as spec


class BenchAddNoise(Timing):
    spec = spec.TestAddNoise
    sizes = SIZES

    def traffic(self, shape, **_):
        return 5 * prod(shape)


class BenchAddNoiseDrawn(BenchAddNoise):
    spec = spec.TestAddNoiseDrawn
