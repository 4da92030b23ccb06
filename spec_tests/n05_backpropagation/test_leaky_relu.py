"""Leaky ReLU: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import leaky_relu_backward, leaky_relu_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake, variant
from nnspec.spec_tests._truth import where_positive


class TestLeakyRelu(Layer):
    rows = ("05.03",)

    def definition(self, x, *, slope=0.01):
        """out = x where x > 0, else slope x. Maas et al. 2013, eq. 2."""
        return where_positive(x, x, slope * x)

    def law_sides_differ_by_x(self, run, problem):
        """out(x) - out(-x) = (1 + slope) x."""
        x = problem.inputs["x"]
        problem.options = {"slope": 0.25}
        return run()["out"] - run(x=-x)["out"], x.dtype.type(1.25) * x

    def law_homogeneous(self, run, problem):
        """out(4 x) = 4 out(x)."""
        return run(x=4 * problem.inputs["x"])["out"], 4 * run()["out"]

    cases = (
        Case("slope above 1", slope=2.5),
        Case("slope negative", slope=-0.75),
        Case("slope 0", slope=0.0),
        Case("steep", slope=0.3),
    )
    extremes = (
        Case("far out", inputs={"x": [[1e4, -1e4, 1e30], [-1e30, 1e37, -1e37]]}),
        Case("tiny", inputs={"x": [[1e-30, -1e-30, 1e-20], [-1e-10, 1e-8, 1e-12]]}),
    )
    ties = (
        Case("zero", inputs={"x": [[0.0, -0.0, 2.0], [-1.0, 0.0, 0.5]]}),
        Case("empty", {"shape": (0, 3)}),
        Case("infinities", inputs={"x": [[np.inf, -np.inf, 2.0], [1.0, -1.0, -np.inf]]}),
        Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0], [0.0, 2.0, np.nan]]}, value_only=True),
    )
    bad = (Malformed("slope a text", "slope", lambda _: "one"),)

    @mistake("M53", replaces="leaky_relu_backward")
    def mask_from_dout(dout, cache):
        """The sign of x decides which slope there is; that of dout says nothing about it."""
        _, slope = cache
        return np.where(dout > 0, dout, slope * dout)

    @mistake("M53", replaces="leaky_relu_backward")
    def mask_from_out(dout, cache):
        """Look at x: with a negative slope out is positive where x is negative as well."""
        x, slope = cache
        return np.where(leaky_relu_forward(x, slope=slope)[0] > 0, dout, slope * dout)

    @mistake("M53", replaces="leaky_relu_backward")
    def dout_changed_in_place(dout, cache):
        """Write a new array: the caller still needs dout."""
        x, slope = cache
        dout[x <= 0] *= slope
        return dout

    @mistake("N1300", replaces="leaky_relu_backward")
    def gradient_of_a_relu(dout, cache):
        """Where x is not positive the gradient is slope dout, not 0: that is what keeps a unit from dying."""
        x, _ = cache
        return np.where(x > 0, dout, 0)

    @mistake("N1300", replaces="leaky_relu_backward")
    def slope_without_dout(dout, cache):
        """Where x is not positive multiply by dout as well."""
        x, slope = cache
        return np.where(x > 0, dout, x.dtype.type(slope))

    @mistake("N1301", replaces="leaky_relu_forward")
    def larger_of_both(x, *, slope=0.01):
        """max(x, slope x) is the smaller slope's side only for slopes up to 1: choose by the sign of x."""
        return np.maximum(x, slope * x), leaky_relu_forward(x, slope=slope)[1]

    @mistake("N1302", replaces="leaky_relu_forward")
    def slope_added(x, *, slope=0.01):
        """Multiply by the slope: it is no offset."""
        return np.where(x > 0, x, x + slope), leaky_relu_forward(x, slope=slope)[1]

    @mistake("N1302", replaces="leaky_relu_forward")
    def slope_fixed(x, *, slope=0.01):
        """Use the slope that is given; 0.01 is only the default."""
        return leaky_relu_forward(x)

    @mistake("N1302", replaces="leaky_relu_forward")
    def slope_on_the_wrong_side(x, *, slope=0.01):
        """What is positive stays: the slope belongs to the negative side."""
        return np.where(x > 0, slope * x, x), leaky_relu_forward(x, slope=slope)[1]

    @variant(
        "slope 1 at 0",
        source="jax.nn.leaky_relu: where(x >= 0, x, negative_slope * x)",
        replaces="leaky_relu_backward",
    )
    def slope_1_at_0(dout, cache):
        """At the kink the derivative from the right is taken."""
        x, _ = cache
        return np.where(x == 0, dout, leaky_relu_backward(dout, cache))
