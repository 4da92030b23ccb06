"""tanh: definition, laws, cases and classic mistakes."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, mistake
from nnspec.spec_tests._truth import tanh


class TestTanh(Layer):
    rows = ("05.06",)

    def definition(self, x):
        """out = tanh(x) = (e^x - e^-x) / (e^x + e^-x)."""
        return tanh(x)

    def law_odd(self, run, problem):
        """tanh(-x) = -tanh(x)."""
        x = problem.inputs["x"]
        return run(x=-x)["out"], -run(x=x)["out"]

    extremes = (
        Case("saturated", inputs={"x": [[1000.0, -1000.0, 20.0], [-40.0, 95.0, -100.0]]}),
        Case("nearly saturated", inputs={"x": [[3.0, -4.0, 5.0], [-6.5, 8.0, -9.0]]}),
        Case("tiny", inputs={"x": [[1e-8, -1e-20, 1e-30], [-1e-4, 3e-3, 0.0]]}),
    )
    ties = (
        Case("empty", {"shape": (0, 3)}),
        Case("infinities", inputs={"x": [[np.inf, -np.inf, 2.0], [1.0, -1.0, 0.0]]}),
        Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0], [0.0, 2.0, np.nan]]}, value_only=True),
    )

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """Core takes 2 sigmoid(2x) - 1 too, the same function in the course's notes: it is rounded at the size of 1."""
        found = super().budgets(problem, want, lenient, at_tie)
        half_ulp = np.finfo(problem.dtype).eps / 2 if lenient else 0
        factors = {"out": 1, "dx": 2 * abs(problem.douts[0]) if problem.douts else 0}
        return {name: replace(b, rounding=b.rounding + half_ulp * factors[name]) for name, b in found.items()}

    @mistake("M54", replaces="tanh_backward")
    def slope_of_the_input(dout, cache):
        """The derivative is 1 - out^2, in the output; here it is taken of x."""
        (out,) = cache
        return dout * (1 - np.arctanh(np.clip(out, -0.999, 0.999)) ** 2)

    @mistake("M82", replaces="tanh_backward")
    def squashed_twice(dout, cache):
        """out is squashed already: 1 - out^2, not 1 - tanh(out)^2."""
        (out,) = cache
        return dout * (1 - np.tanh(out) ** 2)

    @mistake("M54", replaces="tanh_forward")
    def quotient_that_overflows(x):
        """Use np.tanh: (e^x - e^-x) / (e^x + e^-x) overflows to NaN for large x."""
        with np.errstate(over="ignore", invalid="ignore"):
            out = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
        return out, _cache_of(out)

    @mistake("M54", replaces="tanh_forward")
    def sigmoid_that_cancels(x):
        """2 / (1 + e^-2x) - 1 cancels for small x: use np.tanh."""
        with np.errstate(over="ignore"):
            out = 2 / (1 + np.exp(-2 * x)) - 1
        return out, _cache_of(out)

    @mistake("N811", replaces="tanh_backward")
    def square_forgotten(dout, cache):
        """The derivative is 1 - out^2: square the output."""
        (out,) = cache
        return dout * (1 - out)

    @mistake("N811", replaces="tanh_backward")
    def slope_of_the_sigmoid(dout, cache):
        """out (1 - out) is the derivative of the sigmoid; that of tanh is 1 - out^2."""
        (out,) = cache
        return dout * out * (1 - out)

    @mistake("N808", replaces="tanh_backward")
    def upstream_gradient_forgotten(dout, cache):
        """Multiply by dout, which comes from above."""
        (out,) = cache
        return 1 - out * out


def _cache_of(out):
    from nnspec.reference import tanh_forward

    _, cache = tanh_forward(out)
    return cache.of((out,), cache.op, [out])
