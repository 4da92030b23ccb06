"""What a benchmark file inherits: each size of a concept, timed on the reference, on every backend that has it, on its
peers and against the limit of the machine.

    class BenchAffine(Timing):
        spec = spec.TestAffine
        sizes = {"S": {"N": 100, "d": (784,), "M": 100}, …}

        def flops(self, N, d, M, **_):
            return 6 * N * prod(d) * M

What is run is what the specification runs: forward and backward, or the steps of an update rule. A backend that
disagrees with the reference is not timed.
"""

import pytest

from nnspec.benchmarks._described import Described
from nnspec.benchmarks._measure import Unfit, admitted, measured

BACKENDS = ("reference", "cpu")


class Timing(Described):
    __doc__ = Described.__doc__

    def test_time(self, bench_size, bench_backend, benchmark, request):
        """pytest-benchmark times each contestant alone, with its own options; paired with the others stands in
        `extra_info`, for all but the reference."""
        dtype = request.config.getoption("--nnspec-dtype") or "float32"
        problem = self.problem(bench_size, dtype)
        try:
            contestant = admitted(self, problem, bench_backend)
        except Unfit as unfit:
            pytest.skip(str(unfit)) if unfit.missing else pytest.fail(str(unfit))
        benchmark.group = " ".join(dict.fromkeys((self.spec.concept(), self.label(), bench_size)))
        benchmark.extra_info.update(backend=bench_backend, dims=problem.dims, dtype=dtype)
        if bench_backend != "reference" and benchmark.enabled:
            rows = measured(self, bench_size, dtype, [bench_backend])
            benchmark.extra_info["nnspec"] = next(row for row in rows if row["backend"] == bench_backend)
        benchmark(contestant)
