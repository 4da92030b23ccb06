"""ELU and SELU: definitions, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import elu_backward, elu_forward, selu_backward, selu_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake, variant
from nnspec.spec_tests._truth import exp, where_positive

EXTREMES = (
    Case("far out", inputs={"x": [[1e4, -1e4, 1e30], [-1e30, 95.0, -95.0]]}),
    Case("tiny", inputs={"x": [[1e-8, -1e-8, 1e-20], [-1e-20, -1e-4, -3e-3]]}),
)
TIES = (
    Case("zero", inputs={"x": [[0.0, -0.0, 2.0], [-1.0, 0.0, 0.5]]}),
    Case("empty", {"shape": (0, 3)}),
    Case("infinities", inputs={"x": [[np.inf, -np.inf, 2.0], [1.0, -1.0, -np.inf]]}),
    Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0], [0.0, 2.0, np.nan]]}, value_only=True),
)


class TestElu(Layer):
    rows = ("05.04",)

    def definition(self, x, *, alpha=1):
        """out = x where x > 0, else alpha (e^x - 1). Clevert et al. 2016, eq. 15."""
        return where_positive(x, x, alpha * (exp(x) - 1))

    def law_bounded_below(self, run, problem):
        """out + alpha = alpha dout/dx on the left: far out -alpha, and no slope."""
        problem.options, x = {"alpha": 1.5}, -abs(problem.inputs["x"])
        found = run(x=x)
        return (found["out"] + x.dtype.type(1.5)) * problem.douts[0], found["dx"]

    cases = (Case("alpha 2.5", alpha=2.5), Case("alpha a third", alpha=1 / 3), Case("alpha negative", alpha=-0.5))
    extremes = (*EXTREMES, Case("tiny, alpha 0.3", alpha=0.3, inputs=EXTREMES[1].inputs))
    ties = (*TIES, Case("zero, alpha 2", alpha=2.0, inputs=TIES[0].inputs))
    bad = (Malformed("alpha a text", "alpha", lambda _: "one"),)

    @mistake("M53", replaces="elu_backward")
    def mask_from_dout(dout, cache):
        """The sign of x decides which slope there is; that of dout says nothing about it."""
        x, alpha = cache
        return dout * np.where(dout > 0, 1, alpha * np.exp(np.minimum(x, 0)))

    @mistake("M54", replaces="elu_backward")
    def slope_by_the_value(dout, cache):
        """The slope on the left is alpha e^x = out + alpha, not alpha e^out."""
        x, alpha = cache
        out, _ = elu_forward(x, alpha=alpha)
        return dout * np.where(x > 0, 1, alpha * np.exp(np.minimum(out, 0)))

    @mistake("N1306", replaces="elu_backward")
    def alpha_left_out_of_the_slope(dout, cache):
        """The slope on the left is alpha e^x."""
        x, _ = cache
        return elu_backward(dout, (x, 1.0))

    @mistake("N1306", replaces="elu_backward")
    def slope_is_out_plus_one(dout, cache):
        """out + alpha is the slope on the left; out + 1 is that only for alpha = 1."""
        x, alpha = cache
        out, _ = elu_forward(x, alpha=alpha)
        return dout * np.where(x > 0, 1, out + 1)

    @mistake("N808", replaces="elu_backward")
    def upstream_gradient_forgotten(dout, cache):
        """Multiply by dout, which comes from above."""
        return elu_backward(np.ones_like(dout), cache)

    @mistake("N1307", replaces="elu_forward")
    def one_not_subtracted(x, *, alpha=1.0):
        """alpha (e^x - 1): without the 1 out jumps at 0."""
        return np.where(x > 0, x, alpha * np.exp(np.minimum(x, 0))), elu_forward(x, alpha=alpha)[1]

    @mistake("N1307", replaces="elu_forward")
    def alpha_in_front_of_e_alone(x, *, alpha=1.0):
        """alpha stands in front of the difference: alpha (e^x - 1), not alpha e^x - 1."""
        return np.where(x > 0, x, alpha * np.exp(np.minimum(x, 0)) - 1), elu_forward(x, alpha=alpha)[1]

    @mistake("N1308", replaces="elu_forward", convention=True)
    def difference_that_cancels(x, *, alpha=1.0):
        """e^x - 1 has no digits left where x is small: take expm1."""
        return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1)), elu_forward(x, alpha=alpha)[1]

    @mistake("N1309", replaces="elu_forward")
    def alpha_ignored(x, *, alpha=1.0):
        """Use the alpha that is given."""
        return elu_forward(x)

    @variant(
        "slope 1 at 0", source="the derivative from the right, as of Keras' where(x >= 0, …)", replaces="elu_backward"
    )
    def slope_1_at_0(dout, cache):
        """At 0 the derivative from the right is taken."""
        x, _ = cache
        return np.where(x == 0, dout, elu_backward(dout, cache))


class TestSelu(Layer):
    rows = ("05.04",)

    def definition(self, x):
        """out = scale x where x > 0, else scale alpha (e^x - 1). Klambauer et al. 2017, eq. 2 and 14.

        alpha and scale are such that out has mean 0 and variance 1 where x has, and is normal.
        """
        from sympy import N, Rational, erfc, pi, sqrt
        from sympy import exp as e

        left = e(Rational(1, 2)) * erfc(1 / sqrt(2)) / 2  # the mean of e^x over x < 0, and of e^2x
        left_of_squares = e(2) * erfc(sqrt(2)) / 2
        half = Rational(1, 2)
        alpha = 1 / sqrt(2 * pi) / (half - left)
        scale = 1 / sqrt(half + alpha**2 * (left_of_squares - 2 * left + half))
        scale, steep = N(scale, 50), N(scale * alpha, 50)
        return where_positive(x, scale * x, steep * (exp(x) - 1))

    extremes = EXTREMES
    ties = TIES

    @mistake("N1310", replaces="selu_forward")
    def scale_left_out(x):
        """Multiply by the scale, 1.0507: an ELU of that alpha alone does not keep the variance."""
        return elu_forward(x, alpha=1.6732632423543772848)[0], selu_forward(x)[1]

    @mistake("N1310", replaces="selu_forward")
    def scale_on_the_left_alone(x):
        """The scale belongs to both sides: what is positive is multiplied by it, too."""
        out, cache = selu_forward(x)
        return np.where(x > 0, x, out), cache

    @mistake("N1310", replaces="selu_forward")
    def scale_and_alpha_swapped(x):
        """alpha = 1.6733 and scale = 1.0507, not the other way round."""
        scale, alpha = x.dtype.type(1.6732632423543772848), 1.0507009873554804934
        return scale * elu_forward(x, alpha=alpha)[0], selu_forward(x)[1]

    @mistake("N1310", replaces="selu_backward")
    def slope_not_scaled(dout, cache):
        """The scale belongs to the gradient, too."""
        return selu_backward(dout, cache) / dout.dtype.type(1.0507009873554804934)

    @mistake("M53", replaces="selu_backward")
    def slope_1_everywhere(dout, cache):
        """On the left the slope is scale alpha e^x."""
        selu_backward(dout, cache)
        return dout * dout.dtype.type(1.0507009873554804934)
