"""Counting parameters: definition, laws, cases and classic mistakes."""

from itertools import pairwise
from math import prod

import numpy as np

from nnspec.reference import count_params
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake


def of(*shape):
    return np.zeros(shape)


class TestCountParams(Function):
    rows = ("05.22",)
    outputs = ("count",)
    discrete = True

    def definition(self, params, *, tied=()):
        """count = sum of the products of the sizes. CS231n notes "Neural networks part 1", sizing neural networks."""
        return sum(prod(array.shape) for key, array in params.items() if key not in tied)

    def law_what_is_tied_is_not_counted_again(self, run, problem):
        """A head that shares the table of the embedding adds nothing."""
        params = problem.inputs["params"] = {"table": of(6, 5), "head": of(6, 5)}
        problem.options = {"tied": ("head",)}
        return run()["count"], params["table"].size

    cases = (
        Case("26 of the notes"),
        Case("41 of the notes"),
        Case("filters"),
        Case("a number"),
        Case("tied", tied=("head",)),
        Case("several tied", tied=("b", "c")),
    )
    ties = (Case("no parameters"), Case("an array of nothing"))
    bad = (Malformed("tied to a stranger", "tied", lambda _: ("x",)), Malformed("tied a text", "tied", lambda _: "W"))

    def draw(self, case, dims, dtype):
        none = {"no parameters": {}, "an array of nothing": {"W": of(0, 3), "b": of(3)}}
        tied = {("head",): "tied", ("b", "c"): "several tied"}.get(case.options.get("tied"))
        plain = {"W": of(dims["D"], dims["M"]), "b": of(dims["M"])}
        given = (none | PARAMS).get(tied or case.drawn_as or case.name, plain)
        return {"params": {key: array.astype(dtype) for key, array in given.items()}}

    def cases_of_agreement(self):
        return [Case("large", D=300, M=1000)]

    def cases_of_scale(self):
        return []

    @mistake("N1334", replaces="count_params")
    def biases_left_out(params, *, tied=()):
        """Biases are learned, too: a layer of D inputs and M units has D M + M parameters."""
        return sum(array.size for key, array in params.items() if array.ndim > 1 and key not in tied)

    @mistake("N1334", replaces="count_params")
    def arrays_counted(params, *, tied=()):
        """Count the numbers in the arrays, not the arrays."""
        return len(params) - len(tied)

    @mistake("N1334", replaces="count_params")
    def first_axes_counted(params, *, tied=()):
        """len is the first size alone: take the product of all."""
        return sum(len(array) if array.ndim else 1 for key, array in params.items() if key not in tied)

    @mistake("N1334", replaces="count_params")
    def bytes_counted(params, *, tied=()):
        """Count numbers; bytes depend on the dtype."""
        return sum(array.nbytes for key, array in params.items() if key not in tied)

    @mistake("M115", replaces="count_params")
    def tied_counted_twice(params, *, tied=()):
        """An array that serves in two places is learned once."""
        return count_params(params)

    @mistake("M115", replaces="count_params")
    def tied_arrays_left_out_altogether(params, *, tied=()):
        """What is tied is counted once, not never: leave out the names in tied alone."""
        shapes = [params[key].shape for key in tied]
        return sum(array.size for array in params.values() if array.shape not in shapes)


def network(*sizes):
    """The parameters of a fully connected network."""
    layers = list(pairwise(sizes))
    weights = {f"W{i}": of(D, M) for i, (D, M) in enumerate(layers, 1)}
    return weights | {f"b{i}": of(M) for i, (_, M) in enumerate(layers, 1)}


PARAMS = {
    "26 of the notes": network(3, 4, 2),
    "41 of the notes": network(3, 4, 4, 1),
    "filters": {"conv.w": of(8, 3, 5, 5), "conv.b": of(8), "gamma": of(8), "beta": of(8)},
    "a number": {"temperature": of(), "w": of(7)},
    "tied": {"embedding": of(10, 4), "head": of(10, 4), "b": of(10)},
    "several tied": {"a": of(2, 3), "b": of(2, 3), "c": of(2, 3), "d": of(3, 2)},
}
