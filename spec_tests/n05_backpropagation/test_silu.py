"""SiLU: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import silu_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake
from nnspec.spec_tests._truth import exp


class TestSilu(Layer):
    rows = ("05.08",)

    def definition(self, x, *, beta=1):
        """out = x / (1 + e^(-beta x)). Ramachandran et al. 2017, eq. 1."""
        return x / (1 + exp(-beta * x))

    def law_parts_of_x(self, run, problem):
        """silu(x) - silu(-x) = x, because the sigmoids of x and -x add up to 1."""
        x = problem.inputs["x"]
        return run(x=x)["out"] - run(x=-x)["out"], x

    cases = (
        Case("beta 2.5", beta=2.5),
        Case("beta a half", beta=0.5),
        Case("beta negative", beta=-1.5),
    )
    extremes = (
        Case("saturated", inputs={"x": [[1000.0, -1000.0, 40.0], [-40.0, 95.0, -85.0]]}),
        Case("huge", inputs={"x": [[1e30, -1e30, 3.0], [-3.0, 1e37, -1e37]]}),
        Case("tiny", inputs={"x": [[1e-8, -1e-20, 1e-30], [-1e-4, 3e-3, 0.0]]}),
        Case("where the slope is 0", inputs={"x": [[-1.2784645, -1.2784646], [-1.27, -1.29]]}),
    )
    ties = (
        Case("empty", {"shape": (0, 3)}),
        Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0], [0.0, 2.0, np.nan]]}, value_only=True),
    )
    bad = (Malformed("beta a text", "beta", lambda _: "one"),)

    @mistake("M54", replaces="silu_forward")
    def quotient_that_overflows(x, *, beta=1.0):
        """e^x / (1 + e^x) is inf / inf = NaN for large x: take exp only of what is not positive."""
        _, cache = silu_forward(x, beta=beta)
        with np.errstate(over="ignore", invalid="ignore"):
            return x * np.exp(beta * x) / (1 + np.exp(beta * x)), cache

    @mistake("M54", replaces="silu_backward")
    def slope_of_the_sigmoid_alone(dout, cache):
        """x stands in front as well: by the product rule s + beta x s (1 - s)."""
        x, s, beta = cache
        return dout * beta * x * s * (1 - s)

    @mistake("M54", replaces="silu_backward")
    def sigmoid_taken_for_a_constant(dout, cache):
        """The sigmoid depends on x too: s + beta x s (1 - s)."""
        _, s, _ = cache
        return dout * s

    @mistake("N834", replaces="silu_backward")
    def beta_left_out_of_the_slope(dout, cache):
        """The inner derivative of sigmoid(beta x) is beta."""
        x, s, _ = cache
        return dout * (s + x * s * (1 - s))

    @mistake("N834", replaces="silu_forward")
    def beta_ignored(x, *, beta=1.0):
        """out = x sigmoid(beta x): beta is not always 1."""
        return silu_forward(x)

    @mistake("N834", replaces="silu_forward")
    def beta_outside(x, *, beta=1.0):
        """beta stands in the exponent alone: it does not scale out."""
        out, cache = silu_forward(x, beta=beta)
        return beta * out, cache

    @mistake("N808", replaces="silu_backward")
    def upstream_gradient_forgotten(dout, cache):
        """Multiply by dout, which comes from above."""
        x, s, beta = cache
        return s + beta * x * s * (1 - s)
