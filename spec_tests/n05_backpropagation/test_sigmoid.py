"""Sigmoid: definition, laws, cases and classic mistakes."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, mistake
from nnspec.spec_tests._truth import exp


class TestSigmoid(Layer):
    rows = ("05.05",)

    def definition(self, x):
        """out = 1 / (1 + e^-x)."""
        return 1 / (1 + exp(-x))

    def law_reflection(self, run, problem):
        """sigmoid(-x) = 1 - sigmoid(x)."""
        x = problem.inputs["x"]
        return run(x=-x)["out"], 1 - run(x=x)["out"]

    extremes = (
        Case("saturated", inputs={"x": [[1000.0, -1000.0, 40.0], [-40.0, 95.0, -85.0]]}),
        Case("nearly saturated", inputs={"x": [[8.0, -9.0, 12.0], [-14.5, 16.0, -18.0]]}),
        Case("tiny", inputs={"x": [[1e-8, -1e-20, 1e-30], [-1e-4, 3e-3, 0.0]]}),
    )
    ties = (
        Case("empty", {"shape": (0, 3)}),
        Case("infinities", inputs={"x": [[np.inf, -np.inf, 2.0], [1.0, -1.0, 0.0]]}),
        Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0], [0.0, 2.0, np.nan]]}, value_only=True),
    )

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """Core takes (1 + tanh(x / 2)) / 2 too, the same function: it is rounded at the size of 1."""
        found = super().budgets(problem, want, lenient, at_tie)
        half_ulp = np.finfo(problem.dtype).eps / 2 if lenient else 0
        factors = {"out": 1, "dx": abs(problem.douts[0]) if problem.douts else 0}
        return {name: replace(b, rounding=b.rounding + half_ulp * factors[name]) for name, b in found.items()}

    @mistake("M54", replaces="sigmoid_backward")
    def slope_of_the_input(dout, cache):
        """The derivative is out (1 - out), in the output; here it is taken of x."""
        (out,) = cache
        x = np.log(out) - np.log1p(-np.minimum(out, 0.999))
        return dout * x * (1 - x)

    @mistake("M54", replaces="sigmoid_backward")
    def squashed_twice(dout, cache):
        """out is squashed already: out (1 - out), without another sigmoid."""
        (out,) = cache
        s = 1 / (1 + np.exp(-out))
        return dout * s * (1 - s)

    @mistake("M54", replaces="sigmoid_forward")
    def quotient_that_overflows(x):
        """e^x / (1 + e^x) is inf / inf = NaN for large x: take exp only of what is not positive."""
        with np.errstate(over="ignore", invalid="ignore"):
            out = np.exp(x) / (1 + np.exp(x))
        return out, _cache_of(out)

    @mistake("N833", replaces="sigmoid_forward")
    def sign_forgotten(x):
        """The exponent is -x: without the sign the sigmoid falls."""
        with np.errstate(over="ignore"):
            out = 1 / (1 + np.exp(x))
        return out, _cache_of(out)

    @mistake("N833", replaces="sigmoid_backward")
    def slope_of_tanh(dout, cache):
        """1 - out^2 is the derivative of tanh; that of the sigmoid is out (1 - out)."""
        (out,) = cache
        return dout * (1 - out * out)

    @mistake("N833", replaces="sigmoid_backward")
    def second_factor_forgotten(dout, cache):
        """The derivative is out (1 - out): both factors."""
        (out,) = cache
        return dout * (1 - out)

    @mistake("N808", replaces="sigmoid_backward")
    def upstream_gradient_forgotten(dout, cache):
        """Multiply by dout, which comes from above."""
        (out,) = cache
        return out * (1 - out)


def _cache_of(out):
    from nnspec.reference import sigmoid_forward

    _, cache = sigmoid_forward(out)
    return cache.of((out,), cache.op, [out])
