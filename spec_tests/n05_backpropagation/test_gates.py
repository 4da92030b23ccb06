"""The elementary gates: definitions, laws and cases. Classic mistakes: mistakes_gates.py."""

import numpy as np

from nnspec.reference import maximum_backward, unbroadcast
from nnspec.spec_tests._kinds import Case, Layer, variant
from nnspec.spec_tests._truth import where_positive
from nnspec.spec_tests.n05_backpropagation._broadcasting import BROADCASTING, BROADCASTING_WIDE, of

EMPTY = (
    Case("empty", inputs={"x": of(0, 3), "y": of(0, 3)}),
    Case("empty, y a row", inputs={"x": of(0, 3), "y": of(3)}),
)


class Gate(Layer):
    cases = BROADCASTING
    ties = EMPTY

    def cases_of_agreement(self):
        return [*super().cases_of_agreement(), *BROADCASTING_WIDE]


class TestAdd(Gate):
    rows = ("05.11",)

    def definition(self, x, y):
        """out = x + y. CS231n notes "Optimization-2": the add gate."""
        return x + y

    def law_distributes(self, run, problem):
        """Both have the same gradient, whatever they are."""
        found = run(y=10 * problem.inputs["y"])
        return found["dx"], found["dy"]

    extremes = (Case("huge beside tiny", inputs={"x": [[1e30, -1e-30]], "y": [[1e-30, 1e30]]}),)


class TestMul(Gate):
    rows = ("05.11",)

    def definition(self, x, y):
        """out = x y. CS231n notes "Optimization-2": the multiply gate."""
        return x * y

    def law_switches(self, run, problem):
        """dx x = dy y = dout out."""
        x, y = problem.inputs.values()
        found = run()
        return [found["dx"] * x, found["dy"] * y], [found["out"] * problem.douts[0]] * 2

    extremes = (Case("huge beside tiny", inputs={"x": [[1e30, -1e-30]], "y": [[1e-30, 1e5]]}),)


class TestMaximum(Gate):
    rows = ("05.11",)

    def definition(self, x, y):
        """out = max(x, y). CS231n notes "Optimization-2": the max gate."""
        x, y = np.broadcast_arrays(x, y)
        return np.asarray(where_positive(x - y, x, y))

    def law_routes(self, run, problem):
        """dx + dy = dout, also where x = y."""
        both = [run(), run(y=problem.inputs["x"].copy())]
        return [found["dx"] + found["dy"] for found in both], [problem.douts[0]] * 2

    extremes = (Case("huge beside tiny", inputs={"x": [[1e30, -1e-30, -1e30]], "y": [[1e-30, 1e5, -1e-30]]}),)
    ties = (
        *EMPTY,
        Case("equal", inputs={"x": [[1.0, 2.0, 0.0]], "y": [[1.0, -2.0, -0.0]]}),
        Case("equal, y a row", inputs={"x": [[1.0, 2.0], [3.0, -1.0]], "y": [1.0, -1.0]}),
        Case("infinities", inputs={"x": [[np.inf, -np.inf, 0.0]], "y": [[1.0, -np.inf, np.inf]]}),
        Case("NaN wins", inputs={"x": [[np.nan, 1.0]], "y": [[1.0, np.nan]]}, value_only=True),
    )

    @variant(
        "split among equals",
        source="PyTorch, torch.maximum; jax.numpy.maximum",
        replaces="maximum_backward",
    )
    def split_among_equals(dout, cache):
        """Where both are equal, each has half of the gradient."""
        x, y = cache
        dx, dy = maximum_backward(dout, cache)
        half = np.where(x == y, dout / 2, 0)
        return dx - unbroadcast(half, x.shape), dy + unbroadcast(half, y.shape)

    @variant("ties to the second", source="where(x > y, x, y), micrograd-like code", replaces="maximum_backward")
    def ties_to_the_second(dout, cache):
        """Where both are equal, y has the gradient."""
        x, y = cache
        dx, dy = maximum_backward(dout, cache)
        tied = np.where(x == y, dout, 0)
        return dx - unbroadcast(tied, x.shape), dy + unbroadcast(tied, y.shape)


class TestCopy(Layer):
    rows = ("05.11",)
    outputs = ("out1", "out2")

    def definition(self, x):
        """out1 = out2 = x. CS231n notes "Optimization-2": gradients add up at forks."""
        return x, x

    def law_adds_up(self, run, problem):
        """dx = dout1 + dout2."""
        return run()["dx"], problem.douts[0] + problem.douts[1]

    extremes = (Case("huge beside tiny", inputs={"x": [[1e30, -1e-30]]}),)
    ties = (Case("empty", {"shape": (0, 3)}), Case("no axes", {"shape": ()}))
