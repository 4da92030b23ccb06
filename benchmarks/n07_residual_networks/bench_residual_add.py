"""Residual connection, forward and backward: bound by memory, six arrays are read or written."""

from math import prod

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n07_residual_networks import test_residual_add as spec


class BenchResidualAdd(Timing):
    spec = spec.TestResidualAdd
    peers = {"jax": jitted(lambda fx, x: fx + x)}
    sizes = {"S": {"shape": (100, 100)}, "M": {"shape": (128, 16, 32, 32)}, "L": {"shape": (64, 256, 56, 56)}}

    def traffic(self, shape, **_):
        return 6 * prod(shape)
