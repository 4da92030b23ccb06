"""ReLU: definition, cases, laws and classic mistakes."""

import numpy as np

from nnspec.reference import relu_forward
from nnspec.spec_tests._kinds import Case, Layer, mistake, variant
from nnspec.spec_tests._truth import where_positive


class TestRelu(Layer):
    rows = ("05.02",)

    ties = (
        Case("zero", inputs={"x": [[0.0, -0.0, 2.0], [-1.0, 0.0, 0.5]]}),
        Case("empty", {"shape": (0, 3)}),
        Case("infinities", inputs={"x": [[np.inf, -np.inf, 2.0], [1.0, -1.0, -np.inf]]}),
        Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0], [0.0, 2.0, np.nan]]}, value_only=True),
    )
    extremes = (
        Case("huge", inputs={"x": [[1e30, -1e30, 3.0], [-3.0, 1e38, -1e38]]}),
        Case("tiny", inputs={"x": [[1e-30, -1e-30, 1e-20], [-1e-10, 1e-8, 1e-12]]}),
    )

    def definition(self, x):
        """out = x where x > 0, else 0. Nair and Hinton 2010, sec. 2."""
        return where_positive(x, x)

    def law_homogeneous(self, run, problem):
        """relu(4 x) = 4 relu(x)."""
        x = problem.inputs["x"]
        return run(x=4 * x)["out"], 4 * run(x=x)["out"]

    def law_splits_x(self, run, problem):
        """relu(x) - relu(-x) = x."""
        x = problem.inputs["x"]
        return run(x=x)["out"] - run(x=-x)["out"], x

    @mistake(
        "M53", "The gradient passes where x > 0; the sign of dout says nothing about it.", replaces="relu_backward"
    )
    def mask_from_dout(dout, cache):
        return dout * (dout > 0)

    @mistake("M53", "out >= 0 holds everywhere: the mask is x > 0.", replaces="relu_backward")
    def mask_from_out(dout, cache):
        (x,) = cache
        return dout * (np.maximum(x, 0) >= 0)

    @mistake("M53", "Write a new array: the caller still needs dout.", replaces="relu_backward")
    def dout_changed_in_place(dout, cache):
        (x,) = cache
        dout[x <= 0] = 0
        return dout

    @variant("slope 1 at 0", "At the kink the derivative from the right is taken.",
             source="Goodfellow et al. 2016, section 6.3: software returns one of the one-sided derivatives",
             replaces="relu_backward")  # fmt: skip
    def slope_1_at_0(dout, cache):
        (x,) = cache
        return dout * (x >= 0)

    @mistake("N808", "Multiply by dout, which comes from above: the mask is the derivative alone.",
             replaces="relu_backward")  # fmt: skip
    def upstream_gradient_forgotten(dout, cache):
        (x,) = cache
        return (x > 0).astype(x.dtype)

    @mistake(
        "N809", "Keep the dtype: a mask of float64 turns float32 gradients into float64.", replaces="relu_backward"
    )
    def mask_of_float64(dout, cache):
        (x,) = cache
        return dout * (x > 0).astype(np.float64)

    @mistake("M53", "Write a new array: the caller still needs x.", replaces="relu_forward")
    def x_changed_in_place(x):
        np.maximum(x, 0, out=x)
        return relu_forward(x)

    @mistake("N810", "Choose with maximum or where: x * (x > 0) is -inf * 0 = NaN for x = -inf.",
             replaces="relu_forward", convention=True)  # fmt: skip
    def mask_multiplied(x):
        return x * (x > 0), relu_forward(x)[1]

    @mistake("N25", "NaN stays NaN: a ReLU that makes it 0 hides that something went wrong.",
             replaces="relu_forward", convention=True)  # fmt: skip
    def nan_becomes_zero(x):
        return np.where(x > 0, x, 0), relu_forward(x)[1]
