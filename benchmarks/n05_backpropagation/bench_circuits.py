"""The worked circuits, forward and backward, on many points: bound by memory, but for the sigmoids of the last one."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n05_backpropagation._elementwise import Elementwise
from nnspec.spec_tests.n05_backpropagation import test_circuits as spec


class OfSeveral(Elementwise):
    passes = 0  # numbers read or written for each entry

    def traffic(self, shape, **_):
        return self.passes * prod(shape)


class BenchCircuitXyz(OfSeveral, Timing):
    spec = spec.TestCircuitXyz
    passes = 11


class BenchSigmoidNeuron(OfSeveral, Timing):
    spec = spec.TestSigmoidNeuron
    passes = 17


class BenchStagedF(OfSeveral, Timing):
    spec = spec.TestStagedF
    passes = 8
