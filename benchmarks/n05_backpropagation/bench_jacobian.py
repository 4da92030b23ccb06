"""A Jacobian applied to an upstream gradient: bound by memory, the Jacobian is read once."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n05_backpropagation import test_jacobian as spec


class BenchVjpFromJacobian(Timing):
    spec = spec.TestVjpFromJacobian
    sizes = {
        "S": {"out": (10, 10), "D": 100},
        "M": {"out": (32, 32), "D": 1024},
        "L": {"out": (64, 64), "D": 4096},
    }

    def traffic(self, out, D, **_):
        return prod(out) * (D + 1) + D
