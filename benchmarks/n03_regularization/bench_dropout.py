"""Dropout, forward and backward: bound by memory with a given mask, by the generator where the mask is drawn."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n03_regularization import test_dropout as spec

SIZES = {
    "S": {"shape": (100, 100)},
    "M": {"shape": (512, 1024)},
    "L": {"shape": (64, 64, 32, 32)},
}


class BenchDropout(Timing):
    spec = spec.TestDropout
    sizes = SIZES

    def traffic(self, shape, **_):
        return 4 * prod(shape)


class BenchDropoutDrawn(BenchDropout):
    spec = spec.TestDropoutDrawn
