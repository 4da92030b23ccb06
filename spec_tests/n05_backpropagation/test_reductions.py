"""Sum, mean and maximum over axes: definitions, laws and cases. Classic mistakes: mistakes_reductions.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, Malformed, variant
from nnspec.spec_tests._truth import named, where_positive
from nnspec.spec_tests.n05_backpropagation._reductions import Reduction, along, lines_of, maxima, put_together, spread

NOTHING = (
    Malformed("nothing at all", "x", case=Case("", {"shape": (0, 3)})),
    Malformed("nothing along the axis", "x", case=Case("", {"shape": (2, 0, 3)}, axis=1)),
)


class TestReduceSum(Reduction, Layer):
    rows = ("05.14",)

    def definition(self, x, *, axis=None, keepdims=False):
        """out = sum_j x_j over the axes. CS231n notes "Optimization-2": a sum hands on what it gets."""
        return put_together([sum(line) for line in lines_of(x, axis)], x, axis, keepdims)

    def law_axes_one_after_the_other(self, run, problem):
        """The sum over two axes is the sum over one of the sums over the other."""
        problem.douts, problem.options = [], {"axis": (0, 2)}
        both = run()["out"]
        problem.options = {"axis": 2}
        one = run()["out"]
        problem.options = {"axis": 0}
        return both, run(x=one)["out"]

    extremes = (Case("an offset of 1000", inputs={"x": lambda rng, shape: 1000 + rng.standard_normal(shape)}),)
    ties = (
        *Reduction.ties,
        Case("the sum of nothing", {"shape": (2, 0, 3)}, axis=1),
        Case("nothing at all", {"shape": (0, 3)}),
    )


class TestReduceMean(Reduction, Layer):
    rows = ("05.14",)

    def definition(self, x, *, axis=None, keepdims=False):
        """out = 1/n sum_j x_j over the axes, n entries each."""
        return put_together([sum(line) / len(line) for line in lines_of(x, axis)], x, axis, keepdims)

    def law_of_what_is_equal(self, run, problem):
        """The mean of equal numbers is that number."""
        return run(x=np.full_like(problem.inputs["x"], 1.5))["out"], 1.5

    extremes = (Case("an offset of 1000", inputs={"x": lambda rng, shape: 1000 + rng.standard_normal(shape)}),)
    bad = (*Reduction.bad, *NOTHING)


class TestReduceMax(Reduction, Layer):
    rows = ("05.14",)

    def definition(self, x, *, axis=None, keepdims=False):
        """out = max_j x_j over the axes."""
        largest = []
        for first, *rest in lines_of(x, axis):
            for entry in rest:
                first = named(where_positive(entry - first, entry, first))
            largest.append(first)
        return put_together(largest, x, axis, keepdims)

    def law_gives_away_what_it_gets(self, run, problem):
        """sum dx = sum dout, also where all entries are equal."""
        dout = problem.douts[0].sum()
        return [run()["dx"].sum(), run(x=0 * problem.inputs["x"])["dx"].sum()], [dout, dout]

    def law_commutes_with_what_grows(self, run, problem):
        """max(2 x + 1) = 2 max(x) + 1."""
        return run(x=2 * problem.inputs["x"] + 1)["out"], 2 * run()["out"] + 1

    extremes = (
        Case("all negative", inputs={"x": lambda rng, shape: -1e30 * (1 + rng.random(shape))}),
        Case("a giant in each line", axis=1, inputs={"x": lambda rng, shape: 1e4 * rng.standard_normal(shape)}),
    )
    ties = (
        *Reduction.ties,
        Case("all equal", inputs={"x": lambda rng, shape: np.full(shape, 0.5)}),
        *(
            Case(f"few values, axes {axes}", {"shape": (4, 3, 5)}, axis=axes, inputs={"x": along})
            for axes in ((0,), (1, 2), (0, 2))
        ),
        Case("both zeros", {"shape": (4,)}, inputs={"x": [-0.0, 0.0, -0.0, -1.0]}),
        Case("infinities", {"shape": (2, 3)}, axis=1, inputs={"x": [[-np.inf] * 3, [1.0, np.inf, np.inf]]}),
        Case("NaN stays", {"shape": (2, 3)}, axis=1, value_only=True, inputs={"x": [[1.0, np.nan, 2.0], [3.0, 1, 0]]}),
    )
    bad = (*Reduction.bad, *NOTHING)

    @variant(
        "split among equals",
        source="PyTorch, torch.amax; jax.numpy.max",
        replaces="reduce_max_backward",
    )
    def split_among_equals(dout, cache):
        """Equal maxima have equal shares of the gradient."""
        ties = maxima(cache)
        return spread(dout, cache) * ties / ties.sum(axis=cache[1], keepdims=True).astype(dout.dtype)
