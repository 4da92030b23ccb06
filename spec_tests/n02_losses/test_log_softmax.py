"""Log-softmax and logsumexp: definitions, laws and cases. Classic mistakes: mistakes_log_softmax.py."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer
from nnspec.spec_tests._truth import exp, log, named
from nnspec.spec_tests.n02_losses.test_softmax import A_MILLION, BAD_AXES, LARGE


class TestLogSoftmax(Layer):
    rows = ("02.07",)

    def definition(self, x, *, axis=-1):
        """logp_t = log(exp(x_t) / sum_s exp(x_s)) along the axis. Bishop 2006, eq. 4.62."""
        return x - log(named(exp(x).sum(axis=int(axis), keepdims=True)))

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """Whoever takes log sum exp(x) away from x, rounds at the size of x."""
        found = super().budgets(problem, want, lenient, at_tie)
        return lenient_at_the_size_of_x(found, problem) if lenient else found

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to all scores along the axis changes nothing."""
        return run(x=problem.inputs["x"] + problem.dtype.type(2))["out"], run()["out"]

    def law_probabilities(self, run, problem):
        """The exponentials along the axis sum to 1."""
        total = np.exp(run()["out"]).sum(axis=-1)
        return total, np.ones_like(total)

    def law_differences_stay(self, run, problem):
        """logp_t - logp_s = x_t - x_s."""
        x, logp = problem.inputs["x"], run()["out"]
        return logp[..., 1:] - logp[..., :1], x[..., 1:] - x[..., :1]

    def law_gradient_rows_sum_to_zero(self, run, problem):
        """sum_t dx_t = 0, because a shift changes nothing."""
        total = run()["dx"].sum(axis=-1)
        return total, 0 * total

    cases = (
        Case("the first axis", axis=0),
        Case("the last axis by its number", axis=1),
        Case("square, the first axis", {"shape": (3, 3)}, axis=0),
    )
    beyond = (
        Case("a single row", {"shape": (4,)}),
        Case("the last of three axes", {"shape": (2, 2, 2)}),
        Case("the second of three axes", {"shape": (2, 3, 2)}, axis=1),
        Case("the first of three axes", {"shape": (3, 2, 2)}, axis=-3),
    )
    extremes = (*LARGE, A_MILLION)
    ties = (
        Case("equal scores", inputs={"x": [[1, 1, 1], [0, 0, 0]]}),
        Case("minus infinity", inputs={"x": [[0.5, -np.inf, 1], [-np.inf, -np.inf, 2]]}),
        Case("nothing but minus infinity", inputs={"x": [[0.5, 1, 2], [-np.inf, -np.inf, -np.inf]]}),
        Case("nothing along the axis", {"shape": (2, 0)}),
        Case("no rows", {"shape": (0, 3)}),
    )
    bad = BAD_AXES


class TestLogsumexp(Layer):
    rows = ("02.07",)

    def definition(self, x, *, axis=-1, keepdims=False):
        """logsumexp(x) = log sum_s exp(x_s) along the axis. Blanchard, Higham and Higham 2021, eq. 1.1."""
        return log(named(exp(x).sum(axis=int(axis), keepdims=bool(keepdims))))

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """The sum of the exponentials and its log round at the size of x, also where the log is near 0."""
        found = super().budgets(problem, want, lenient, at_tie)
        return lenient_at_the_size_of_x(found, problem) if lenient else found

    def law_moves_with_a_shift(self, run, problem):
        """Adding 2 to all scores adds 2."""
        return run(x=problem.inputs["x"] + problem.dtype.type(2))["out"], run()["out"] + 2

    def law_twice_the_scores(self, run, problem):
        """Every score twice adds log 2."""
        x = problem.inputs["x"]
        problem.douts = [np.zeros_like(run()["out"])]  # of a shape that stays
        return run(x=np.concatenate([x, x], axis=-1))["out"], run()["out"] + np.log(problem.dtype.type(2))

    def law_gradient_sums_to_dout(self, run, problem):
        """sum_t dx_t = dout, because p sums to 1."""
        return run()["dx"].sum(axis=-1), problem.douts[0]

    cases = (
        Case("the first axis", axis=0),
        Case("axis kept", keepdims=True),
        Case("the first axis kept", axis=0, keepdims=True),
        Case("square, axis kept", {"shape": (3, 3)}, keepdims=True),
    )
    beyond = (
        Case("a single row", {"shape": (4,)}),
        Case("the last of three axes", {"shape": (2, 2, 2)}),
        Case("the second of three axes", {"shape": (2, 3, 2)}, axis=1),
        Case("the second of three axes kept", {"shape": (2, 3, 2)}, axis=-2, keepdims=True),
    )
    extremes = LARGE
    ties = (
        Case("equal scores", inputs={"x": [[1, 1, 1], [0, 0, 0]]}),
        Case("minus infinity", inputs={"x": [[0.5, -np.inf, 1], [-np.inf, -np.inf, 2]]}),
        Case("nothing but minus infinity", inputs={"x": [[0.5, 1, 2], [-np.inf, -np.inf, -np.inf]]}),
        Case("infinity and NaN", value_only=True, inputs={"x": [[np.inf, 0, 1], [np.nan, 0, 1]]}),
        Case("nothing along the axis", {"shape": (2, 0)}),
        Case("no rows", {"shape": (0, 3)}),
    )
    bad = BAD_AXES


def lenient_at_the_size_of_x(found, problem):
    half_ulp = np.finfo(problem.dtype).eps / 2 * abs(problem.inputs["x"]).max(initial=0)
    return found | {"out": replace(found["out"], rounding=found["out"].rounding + half_ulp)}
