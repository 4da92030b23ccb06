"""GELU: definition, cases, laws and classic mistakes."""

from dataclasses import replace

import numpy as np
from scipy.special import erf as erf_of_floats

from nnspec.reference import gelu_backward, gelu_forward
from nnspec.spec_tests._kinds import Case, Layer, mistake, variant
from nnspec.spec_tests._truth import erf, sqrt, tanh

ROOT = (2 / np.pi) ** 0.5
TANH = {"approximate": True}
FAR_OUT = {"x": [[1e3, -1e3, 30.0], [-50.0, 1e30, -1e30]]}
TAILS = {"x": [[3.0, -3.0, 4.5], [-4.0, 6.0, -5.0]]}
TINY = {"x": [[1e-8, -1e-20, 1e-30], [-1e-4, 3e-3, 0.0]]}


class TestGelu(Layer):
    rows = ("05.07",)

    cases = (Case("tanh form", options=TANH),)
    extremes = (
        Case("far out", inputs=FAR_OUT),
        Case("far out, tanh form", options=TANH, inputs=FAR_OUT),
        Case("tails", inputs=TAILS),
        Case("tails, tanh form", options=TANH, inputs=TAILS),
        Case("tiny", inputs=TINY),
        Case("tiny, tanh form", options=TANH, inputs=TINY),
    )
    ties = (
        Case("empty", {"shape": (0, 3)}),
        Case("infinities", inputs={"x": [[np.inf, -np.inf, 2.0], [1.0, -1.0, 0.0]]}),
        Case("infinities, tanh form", options=TANH, inputs={"x": [[np.inf, -np.inf, 2.0], [1.0, -1.0, 0.0]]}),
        Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0], [0.0, 2.0, np.nan]]}, value_only=True),
    )

    def definition(self, x, *, approximate=False):
        """out = x/2 (1 + erf(x / sqrt 2)), or x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). Hendrycks, Gimpel 2016."""
        from sympy import pi

        if approximate:
            return x * (1 + tanh(sqrt(2 / pi) * (x + 44715 * x**3 / 10**6))) / 2
        return x * (1 + erf(x / sqrt(2))) / 2

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """1 + erf and 1 + tanh are rounded at the size of 1: where they are small, no neighbouring input tells."""
        found = super().budgets(problem, want, lenient, at_tie)
        half_ulp = np.finfo(problem.dtype).eps / 2
        factors = {"out": np.minimum(abs(problem.inputs["x"]), 40), "dx": abs(problem.douts[0]) if problem.douts else 0}
        return {name: replace(b, rounding=b.rounding + half_ulp * factors[name]) for name, b in found.items()}

    def law_sides_differ_by_x(self, run, problem):
        """gelu(x) - gelu(-x) = x, because Phi(x) + Phi(-x) = 1."""
        x = problem.inputs["x"]
        return run()["out"] - run(x=-x)["out"], x

    def law_slopes_add_up_to_one(self, run, problem):
        """gelu'(x) + gelu'(-x) = 1."""
        return run()["dx"] + run(x=-problem.inputs["x"])["dx"], problem.douts[0]

    @variant("tanh form by default", "Unless the exact form is asked for, Phi is a tanh.",
             source="jax.nn.gelu; the GPT-2 of OpenAI", replaces="gelu_forward")  # fmt: skip
    def tanh_form_by_default(x, *, approximate=True):
        return gelu_forward(x, approximate=approximate)

    @mistake("M54", "The derivative is taken at x; here it is taken at the output.", replaces="gelu_backward")
    def slope_at_the_output(dout, cache):
        x, approximate = cache
        out, _ = gelu_forward(x, approximate=approximate)
        return gelu_backward(dout, gelu_forward(out, approximate=approximate)[1])

    @mistake("M54", "Bring x back before x^2 is taken: far out 1 - tanh^2 is 0 and x^2 infinite.",
             replaces="gelu_backward")  # fmt: skip
    def zero_times_infinity(dout, cache):
        x, approximate = cache
        if not approximate:
            return gelu_backward(dout, cache)
        with np.errstate(over="ignore", invalid="ignore"):
            t = np.tanh(ROOT * (x + 0.044715 * x**3))
            return dout * ((1 + t) / 2 + x * (1 - t**2) * ROOT * (1 + 3 * 0.044715 * x**2) / 2)

    @mistake("M54", "Use np.tanh: (e^u - e^-u) / (e^u + e^-u) overflows to NaN far out.", replaces="gelu_forward")
    def tanh_that_overflows(x, *, approximate=False):
        out, cache = gelu_forward(x, approximate=approximate)
        if approximate:
            with np.errstate(over="ignore", invalid="ignore"):
                u = ROOT * (x + 0.044715 * x**3)
                out = x * (1 + (np.exp(u) - np.exp(-u)) / (np.exp(u) + np.exp(-u))) / 2
        return out, cache

    @mistake("N50", "Phi(x) is (1 + erf(x / sqrt 2)) / 2: divide x by the root of 2.", replaces="gelu_forward")
    def root_of_two_forgotten(x, *, approximate=False):
        out, cache = gelu_forward(x, approximate=approximate)
        return out if approximate else np.maximum(x, -40) * (1 + erf_of_floats(x)) / 2, cache

    @mistake("N51", "With approximate=True Phi is a tanh: the exact form differs in the fourth digit.",
             replaces="gelu_forward")  # fmt: skip
    def always_the_exact_form(x, *, approximate=False):
        return gelu_forward(x)

    @mistake("N51", "x sigmoid(1.702 x) is a third formula, good to two digits: use erf, or tanh if asked to.",
             replaces="gelu_forward")  # fmt: skip
    def sigmoid_form(x, *, approximate=False):
        out, cache = gelu_forward(x, approximate=approximate)
        return out if approximate else np.maximum(x, -40) * (1 + np.tanh(0.851 * x)) / 2, cache

    @mistake("N52", "Product rule: Phi(x) depends on x as well and adds x phi(x).", replaces="gelu_backward")
    def density_forgotten(dout, cache):
        x, approximate = cache
        near = np.clip(x, -40, 40)
        out, _ = gelu_forward(near, approximate=approximate)
        return dout * np.divide(out, near, out=np.full_like(x, 0.5), where=x != 0)

    @mistake("N53", "The normal density is exp(-x^2 / 2) / sqrt(2 pi): halve x^2.", replaces="gelu_backward")
    def variance_of_one_half(dout, cache):
        x, approximate = cache
        if approximate:
            return gelu_backward(dout, cache)
        near = np.clip(x, -40, 40)
        return dout * ((1 + erf_of_floats(near / 2**0.5)) / 2 + near * np.exp(-near * near) / (2 * np.pi) ** 0.5)

    @mistake("N54", "The cube in u has the derivative 3 x^2: do not lose the 3.", replaces="gelu_backward")
    def cube_without_its_three(dout, cache):
        x, approximate = cache
        if not approximate:
            return gelu_backward(dout, cache)
        near = np.clip(x, -40, 40)
        t = np.tanh(ROOT * (near + 0.044715 * near**3))
        return dout * ((1 + t) / 2 + near * (1 - t**2) * ROOT * (1 + 0.044715 * near**2) / 2)

    @mistake("N51", "The backward has to know the form as well: keep approximate in the cache.",
             replaces="gelu_backward")  # fmt: skip
    def slope_of_the_exact_form(dout, cache):
        x, _ = cache
        return gelu_backward(dout, gelu_forward(x)[1])

    @mistake("N812", "u = sqrt(2 / pi) (x + 0.044715 x^3): the root multiplies the cube as well.",
             replaces="gelu_forward")  # fmt: skip
    def cube_without_the_root(x, *, approximate=False):
        out, cache = gelu_forward(x, approximate=approximate)
        near = np.clip(x, -40, 40)
        Phi = (1 + np.tanh(ROOT * near + 0.044715 * near**3)) / 2
        return np.maximum(x, -40) * Phi if approximate else out, cache

    @mistake("N809", "Take constants from math: a NumPy scalar like np.sqrt(2 / np.pi) turns float32 into float64.",
             replaces="gelu_forward")  # fmt: skip
    def constant_of_float64(x, *, approximate=False):
        out, cache = gelu_forward(x, approximate=approximate)
        return np.float64(1) * out, cache

    @mistake("N808", "Multiply by dout, which comes from above.", replaces="gelu_backward")
    def upstream_gradient_forgotten(dout, cache):
        return gelu_backward(np.ones_like(dout), cache)
