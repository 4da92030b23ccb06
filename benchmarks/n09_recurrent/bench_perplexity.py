"""Perplexity and bits per character: bound by memory, an nll and the number of its tokens are read."""

from math import prod

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n09_recurrent import test_perplexity as spec


class BenchPerplexity(Timing):
    spec = spec.TestPerplexity
    sizes = {"S": {"shape": (16, 20)}, "M": {"shape": (64, 5000)}, "L": {"shape": (1000, 10000)}}

    def traffic(self, shape, **_):
        return 3 * prod(shape)


class BenchBitsPerCharacter(BenchPerplexity):
    spec = spec.TestBitsPerCharacter
