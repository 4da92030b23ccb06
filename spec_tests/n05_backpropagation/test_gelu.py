"""GELU: definition, laws and cases. Classic mistakes: mistakes_gelu.py."""

from dataclasses import replace

import numpy as np

from nnspec.reference import gelu_forward
from nnspec.spec_tests._kinds import Case, Layer, variant
from nnspec.spec_tests._truth import erf, sqrt, tanh

FAR_OUT = {"x": [[1e3, -1e3, 30.0], [-50.0, 1e30, -1e30]]}
TAILS = {"x": [[3.0, -3.0, 4.5], [-4.0, 6.0, -5.0]]}
TINY = {"x": [[1e-8, -1e-20, 1e-30], [-1e-4, 3e-3, 0.0]]}


class TestGelu(Layer):
    rows = ("05.07",)

    def definition(self, x, *, approximate=False):
        """out = x/2 (1 + erf(x / sqrt 2)), or x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). Hendrycks, Gimpel 2016."""
        from sympy import pi

        if approximate:
            return x * (1 + tanh(sqrt(2 / pi) * (x + 44715 * x**3 / 10**6))) / 2
        return x * (1 + erf(x / sqrt(2))) / 2

    def law_sides_differ_by_x(self, run, problem):
        """gelu(x) - gelu(-x) = x, because Phi(x) + Phi(-x) = 1."""
        x = problem.inputs["x"]
        return run()["out"] - run(x=-x)["out"], x

    def law_slopes_add_up_to_one(self, run, problem):
        """gelu'(x) + gelu'(-x) = 1."""
        return run()["dx"] + run(x=-problem.inputs["x"])["dx"], problem.douts[0]

    cases = (Case("tanh form", approximate=True),)
    extremes = (
        Case("far out", inputs=FAR_OUT),
        Case("far out, tanh form", approximate=True, inputs=FAR_OUT),
        Case("tails", inputs=TAILS),
        Case("tails, tanh form", approximate=True, inputs=TAILS),
        Case("tiny", inputs=TINY),
        Case("tiny, tanh form", approximate=True, inputs=TINY),
    )
    ties = (
        Case("empty", {"shape": (0, 3)}),
        Case("infinities", inputs={"x": [[np.inf, -np.inf, 2.0], [1.0, -1.0, 0.0]]}),
        Case("infinities, tanh form", approximate=True, inputs={"x": [[np.inf, -np.inf, 2.0], [1.0, -1.0, 0.0]]}),
        Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0], [0.0, 2.0, np.nan]]}, value_only=True),
    )

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """1 + erf and 1 + tanh are rounded at the size of 1: where they are small, no neighbouring input tells."""
        found = super().budgets(problem, want, lenient, at_tie)
        half_ulp = np.finfo(problem.dtype).eps / 2
        factors = {"out": np.minimum(abs(problem.inputs["x"]), 40), "dx": abs(problem.douts[0]) if problem.douts else 0}
        return {name: replace(b, rounding=b.rounding + half_ulp * factors[name]) for name, b in found.items()}

    @variant("tanh form by default", source="jax.nn.gelu; the GPT-2 of OpenAI", replaces="gelu_forward")
    def tanh_form_by_default(x, *, approximate=True):
        """Unless the exact form is asked for, Phi is a tanh."""
        return gelu_forward(x, approximate=approximate)
