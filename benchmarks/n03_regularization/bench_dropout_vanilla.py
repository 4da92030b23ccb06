"""Vanilla dropout, forward and backward: bound by memory with a given mask."""

from nnspec.benchmarks.n03_regularization.bench_dropout import BenchDropout
from nnspec.spec_tests.n03_regularization import test_dropout_vanilla as spec


class BenchDropoutVanilla(BenchDropout):
    spec = spec.TestDropoutVanilla
