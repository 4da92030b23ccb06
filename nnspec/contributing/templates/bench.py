"""The title: [? what binds it: memory, 5 arrays are read or written; or arithmetic, 6 N D M operations ?]"""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n00_note import test_the_concept as spec


class BenchTheConcept(Timing):
    spec = spec.TestTheConcept
    # [? sizes by the names in the shapes, {"N": 100, "D": 784}: S in the caches, M the course's, L bound by memory ?]
    sizes = {"S": {}, "M": {}, "L": {}}

    def traffic(self, **dims):
        raise NotImplementedError("[? numbers read or written, each once; or flops(self, …), where they bind it ?]")
