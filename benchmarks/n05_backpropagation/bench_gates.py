"""The elementary gates, forward and backward, on operands of one shape: bound by memory."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_gates as spec


class OfOneShape:
    sizes = {"S": {"shape": (100, 100)}, "M": {"shape": (512, 1024)}, "L": {"shape": (64, 64, 32, 32)}}
    passes = 8  # numbers read or written for each of one operand

    def traffic(self, shape, **_):
        return self.passes * prod(shape)


class BenchAdd(OfOneShape, Timing):
    spec = spec.TestAdd
    passes = 6


class BenchMul(OfOneShape, Timing):
    spec = spec.TestMul


class BenchMaximum(OfOneShape, Timing):
    spec = spec.TestMaximum


class BenchCopy(OfOneShape, Timing):
    spec = spec.TestCopy
    passes = 6
