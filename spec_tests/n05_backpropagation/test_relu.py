"""ReLU: definition, laws and cases. Classic mistakes: mistakes_relu.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, variant
from nnspec.spec_tests._truth import where_positive


class TestRelu(Layer):
    rows = ("05.02",)

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

    extremes = (
        Case("huge", inputs={"x": [[1e30, -1e30, 3.0], [-3.0, 1e38, -1e38]]}),
        Case("tiny", inputs={"x": [[1e-30, -1e-30, 1e-20], [-1e-10, 1e-8, 1e-12]]}),
    )
    ties = (
        Case("zero", inputs={"x": [[0.0, -0.0, 2.0], [-1.0, 0.0, 0.5]]}),
        Case("empty", {"shape": (0, 3)}),
        Case("infinities", inputs={"x": [[np.inf, -np.inf, 2.0], [1.0, -1.0, -np.inf]]}),
        Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0], [0.0, 2.0, np.nan]]}, value_only=True),
    )

    @variant(
        "slope 1 at 0",
        source="Goodfellow et al. 2016, section 6.3: software returns one of the one-sided derivatives",
        replaces="relu_backward",
    )
    def slope_1_at_0(dout, cache):
        """At the kink the derivative from the right is taken."""
        (x,) = cache
        return dout * (x >= 0)
