"""Softplus: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import softplus_backward, softplus_forward
from nnspec.spec_tests._kinds import Case, Layer, mistake, variant
from nnspec.spec_tests._truth import exp, log


class TestSoftplus(Layer):
    rows = ("05.09",)

    def definition(self, x):
        """out = log(1 + e^x). Dugas et al. 2001, eq. 5."""
        return log(1 + exp(x))

    def law_sides_differ_by_x(self, run, problem):
        """out(x) - out(-x) = x."""
        x = problem.inputs["x"]
        return run()["out"] - run(x=-x)["out"], x

    def law_slopes_add_up_to_one(self, run, problem):
        """out'(x) + out'(-x) = 1."""
        return run()["dx"] + run(x=-problem.inputs["x"])["dx"], problem.douts[0]

    cases = (Case("beyond 20", inputs={"x": [[21.0, 25.0, 30.0], [-21.0, -25.0, 19.0]]}),)
    extremes = (
        Case("far out", inputs={"x": [[1e4, -1e4, 1e30], [-1e30, 95.0, -80.0]]}),
        Case("tiny", inputs={"x": [[1e-8, -1e-20, 1e-30], [-1e-4, 3e-3, 0.0]]}),
    )
    ties = (
        Case("empty", {"shape": (0, 3)}),
        Case("infinities", inputs={"x": [[np.inf, -np.inf, 2.0], [1.0, -1.0, -np.inf]]}),
        Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0], [0.0, 2.0, np.nan]]}, value_only=True),
    )

    @mistake("M54", replaces="softplus_forward")
    def exponential_that_overflows(x):
        """e^x overflows for large x: take max(x, 0) + log1p(exp(-|x|))."""
        with np.errstate(over="ignore"):
            return np.log(1 + np.exp(x)), softplus_forward(x)[1]

    @mistake("M54", replaces="softplus_backward")
    def sigmoid_of_the_value(dout, cache):
        """The slope is sigmoid(x), of the input and not of out."""
        (x,) = cache
        return dout / (1 + np.exp(-softplus_forward(x)[0]))

    @mistake("M54", replaces="softplus_backward")
    def quotient_that_overflows(dout, cache):
        """e^x / (1 + e^x) is inf / inf = NaN for large x: the slope is a stable sigmoid."""
        (x,) = cache
        with np.errstate(over="ignore", invalid="ignore"):
            return dout * (np.exp(x) / (1 + np.exp(x)))

    @mistake("N1313", replaces="softplus_backward")
    def gradient_of_a_relu(dout, cache):
        """The slope passes smoothly from 0 to 1: sigmoid(x), without a kink."""
        (x,) = cache
        return dout * (x > 0)

    @mistake("N1313", replaces="softplus_backward")
    def gradient_of_a_sigmoid(dout, cache):
        """The sigmoid is the slope already; s (1 - s) is the slope of the sigmoid."""
        (x,) = cache
        e = np.exp(-abs(x))
        return dout * e / (1 + e) ** 2

    @mistake("N1313", replaces="softplus_backward")
    def sign_of_the_exponent(dout, cache):
        """The slope is 1 / (1 + e^-x), which is near 1 for large x."""
        (x,) = cache
        return dout - softplus_backward(dout, softplus_forward(x)[1])

    @mistake("N1314", replaces="softplus_forward")
    def larger_of_both_left_out(x):
        """log(1 + e^-|x|) alone is that of negative x: add max(x, 0)."""
        return np.log1p(np.exp(-abs(x))), softplus_forward(x)[1]

    @mistake("N1315", replaces="softplus_forward", convention=True)
    def logarithm_that_cancels(x):
        """1 + e^-|x| has no digits of a small e^-|x|: take log1p of it."""
        return np.maximum(x, 0) + np.log(1 + np.exp(-abs(x))), softplus_forward(x)[1]

    @variant("x itself above 20", source="PyTorch, nn.Softplus(threshold=20)", replaces="softplus_forward")
    def linear_above_20(x):
        """Above 20 out is x, which in float32 it is anyway."""
        out, cache = softplus_forward(x)
        return np.where(x > 20, x, out), cache
