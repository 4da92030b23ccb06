"""Softmax: definition, laws and cases. Classic mistakes: mistakes_softmax.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, Malformed
from nnspec.spec_tests._truth import exp, named

LARGE = (
    Case("large scores", inputs={"x": [[1000, 0, -1000], [500, 499.5, -300]]}),
    Case("rows far apart", inputs={"x": [[1000, 999, 998.5], [-1000, -999.25, -1001]]}),
    Case("columns far apart", axis=0, inputs={"x": [[1000, -1000, 0], [999.5, -1001, 0.25]]}),
    Case("a common offset", inputs={"x": [[1000.5, 1001, 1000.25], [1000, 999.5, 1002]]}),
)
A_MILLION = Case("a million", inputs={"x": [[1e6, 999999, 0], [-1e6, -1e6, -999998.5]]})
BAD_AXES = (
    Malformed("an axis that x does not have", "axis", axis=2),
    Malformed("an axis before the first", "axis", axis=-3),
    Malformed("no axes", "axis", case=Case("", {"shape": ()})),
    Malformed("axis a fraction", "axis", lambda _: 0.5),
)


class TestSoftmax(Layer):
    rows = ("02.06",)

    def definition(self, x, *, axis=-1):
        """p_t = exp(x_t) / sum_s exp(x_s) along the axis. Bishop 2006, eq. 4.62."""
        e = named(exp(x))
        return e / named(e.sum(axis=int(axis), keepdims=True))

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to all scores along the axis changes nothing."""
        return run(x=problem.inputs["x"] + problem.dtype.type(2))["out"], run()["out"]

    def law_probabilities(self, run, problem):
        """The entries along the axis sum to 1."""
        total = run()["out"].sum(axis=-1)
        return total, np.ones_like(total)

    def law_gradient_rows_sum_to_zero(self, run, problem):
        """sum_t dx_t = 0, because the sum of p does not depend on x."""
        total = run()["dx"].sum(axis=-1)
        return total, 0 * total

    def law_ratios_are_exponentials_of_differences(self, run, problem):
        """p_t / p_s = exp(x_t - x_s)."""
        x, p = problem.inputs["x"], run()["out"]
        return p[..., 1:], p[..., :1] * np.exp(x[..., 1:] - x[..., :1])

    cases = (
        Case("the first axis", axis=0),
        Case("the last axis by its number", axis=1),
        Case("square, the first axis", {"shape": (3, 3)}, axis=0),
    )
    beyond = (
        Case("a single row", {"shape": (4,)}),
        Case("the last of three axes", {"shape": (2, 2, 3)}),
        Case("the first of three axes", {"shape": (3, 2, 2)}, axis=0),
        Case("the second of three axes", {"shape": (2, 3, 2)}, axis=1),
        Case("the second of four axes, from the end", {"shape": (2, 3, 1, 2)}, axis=-3),
    )
    extremes = (*LARGE, A_MILLION)
    ties = (
        Case("equal scores", inputs={"x": [[1, 1, 1], [0, 0, 0]]}),
        Case("minus infinity", inputs={"x": [[0.5, -np.inf, 1], [-np.inf, -np.inf, 2]]}),
        Case("nothing but minus infinity", inputs={"x": [[0.5, 1, 2], [-np.inf, -np.inf, -np.inf]]}),
        Case("infinity and NaN", value_only=True, inputs={"x": [[np.inf, 0, 1], [np.nan, 0, 1]]}),
        Case("nothing along the axis", {"shape": (2, 0)}),
        Case("no rows", {"shape": (0, 3)}),
    )
    bad = BAD_AXES
