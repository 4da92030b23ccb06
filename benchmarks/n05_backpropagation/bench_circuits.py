"""The worked circuits, forward and backward, on many points: bound by memory, but for the two sigmoids of the last."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks.n05_backpropagation.bench_gates import OfOneShape
from nnspec.spec_tests.n05_backpropagation import test_circuits as spec


class BenchCircuitXyz(OfOneShape, Timing):
    spec = spec.TestCircuitXyz
    passes = 11


class BenchSigmoidNeuron(OfOneShape, Timing):
    spec = spec.TestSigmoidNeuron
    passes = 17


class BenchStagedF(OfOneShape, Timing):
    spec = spec.TestStagedF
    passes = 8
