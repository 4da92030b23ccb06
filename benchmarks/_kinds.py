"""What a benchmark file inherits: each size of a concept, timed on every bundled backend and on the one that
`--nnspec-backend` names, grouped for comparison.

What is run is what the specification runs: forward and backward, or the steps of an update rule. A backend that
disagrees with the reference is not timed. Compilation happens before the clock starts.
"""

from typing import ClassVar

from nnspec.backends import load
from nnspec.spec_tests._cases import Case
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._spec import Spec

BACKENDS = ("reference", "cpu")


class Timing:
    """spec: the class of the specification that knows how to run the concept. sizes: its dimensions, by name.

    S fits the caches, M is what the course trains, L is bound by memory or long.
    """

    spec: ClassVar[type[Spec]]
    sizes: ClassVar[dict[str, dict]]
    options: ClassVar[dict] = {}
    inputs: ClassVar[dict] = {}

    def test_time(self, bench_size, bench_backend, benchmark):
        spec, backend = self.spec(), load(bench_backend)
        for planned in spec.plan("agreement"):
            spec.test_agreement(planned, backend)
        problem = Problem(spec, Case(bench_size, self.sizes[bench_size], self.options, self.inputs), "float32")
        gradient = bool(problem.douts)
        spec.run(backend, problem, gradient)
        benchmark.group = " ".join(dict.fromkeys((spec.concept(), spec.part(), bench_size)))
        benchmark.extra_info.update(backend=bench_backend, dims=problem.dims, dtype="float32")

        @benchmark
        def forward_and_backward():
            spec.run(backend, problem, gradient)
            backend.synchronize()
