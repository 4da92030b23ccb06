"""Binary hinge loss of attributes, forward and backward: bound by memory, scores and labels are read twice. Labels are
64 bits wide, two numbers each."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n02_losses import test_binary_hinge as spec


class BenchBinaryHinge(Timing):
    spec = spec.TestBinaryHinge
    sizes = {
        "S": {"N": 100, "attributes": (10,)},
        "M": {"N": 4096, "attributes": (40,)},
        "L": {"N": 4096, "attributes": (1000,)},
    }

    def traffic(self, N, attributes, **_):
        return 7 * N * attributes[0]
