"""Classic mistakes of GELU."""

import numpy as np
from scipy.special import erf as erf_of_floats

from nnspec.reference import gelu_backward, gelu_forward
from nnspec.spec_tests._known import mistake

ROOT = (2 / np.pi) ** 0.5


class MistakesOfGelu:
    @mistake("M54", replaces="gelu_backward")
    def slope_at_the_output(dout, cache):
        """The derivative is taken at x; here it is taken at the output."""
        x, approximate = cache
        out, _ = gelu_forward(x, approximate=approximate)
        return gelu_backward(dout, gelu_forward(out, approximate=approximate)[1])

    @mistake("M54", replaces="gelu_backward")
    def zero_times_infinity(dout, cache):
        """Bring x back before x^2 is taken: far out 1 - tanh^2 is 0 and x^2 infinite."""
        x, approximate = cache
        if not approximate:
            return gelu_backward(dout, cache)
        with np.errstate(over="ignore", invalid="ignore"):
            t = np.tanh(ROOT * (x + 0.044715 * x**3))
            return dout * ((1 + t) / 2 + x * (1 - t**2) * ROOT * (1 + 3 * 0.044715 * x**2) / 2)

    @mistake("M54", replaces="gelu_forward")
    def tanh_that_overflows(x, *, approximate=False):
        """Use np.tanh: (e^u - e^-u) / (e^u + e^-u) overflows to NaN far out."""
        out, cache = gelu_forward(x, approximate=approximate)
        if approximate:
            with np.errstate(over="ignore", invalid="ignore"):
                u = ROOT * (x + 0.044715 * x**3)
                out = x * (1 + (np.exp(u) - np.exp(-u)) / (np.exp(u) + np.exp(-u))) / 2
        return out, cache

    @mistake("N50", replaces="gelu_forward")
    def root_of_two_forgotten(x, *, approximate=False):
        """Phi(x) is (1 + erf(x / sqrt 2)) / 2: divide x by the root of 2."""
        out, cache = gelu_forward(x, approximate=approximate)
        return out if approximate else np.maximum(x, -40) * (1 + erf_of_floats(x)) / 2, cache

    @mistake("N51", replaces="gelu_forward")
    def always_the_exact_form(x, *, approximate=False):
        """With approximate=True Phi is a tanh: the exact form differs in the fourth digit."""
        return gelu_forward(x)

    @mistake("N51", replaces="gelu_forward")
    def sigmoid_form(x, *, approximate=False):
        """x sigmoid(1.702 x) is a third formula, good to two digits: use erf, or tanh if asked to."""
        out, cache = gelu_forward(x, approximate=approximate)
        return out if approximate else np.maximum(x, -40) * (1 + np.tanh(0.851 * x)) / 2, cache

    @mistake("N52", replaces="gelu_backward")
    def density_forgotten(dout, cache):
        """Product rule: Phi(x) depends on x as well and adds x phi(x)."""
        x, approximate = cache
        near = np.clip(x, -40, 40)
        out, _ = gelu_forward(near, approximate=approximate)
        return dout * np.divide(out, near, out=np.full_like(x, 0.5), where=x != 0)

    @mistake("N53", replaces="gelu_backward")
    def variance_of_one_half(dout, cache):
        """The normal density is exp(-x^2 / 2) / sqrt(2 pi): halve x^2."""
        x, approximate = cache
        if approximate:
            return gelu_backward(dout, cache)
        near = np.clip(x, -40, 40)
        return dout * ((1 + erf_of_floats(near / 2**0.5)) / 2 + near * np.exp(-near * near) / (2 * np.pi) ** 0.5)

    @mistake("N54", replaces="gelu_backward")
    def cube_without_its_three(dout, cache):
        """The cube in u has the derivative 3 x^2: do not lose the 3."""
        x, approximate = cache
        if not approximate:
            return gelu_backward(dout, cache)
        near = np.clip(x, -40, 40)
        t = np.tanh(ROOT * (near + 0.044715 * near**3))
        return dout * ((1 + t) / 2 + near * (1 - t**2) * ROOT * (1 + 0.044715 * near**2) / 2)

    @mistake("N51", replaces="gelu_backward")
    def slope_of_the_exact_form(dout, cache):
        """The backward has to know the form as well: keep approximate in the cache."""
        x, _ = cache
        return gelu_backward(dout, gelu_forward(x)[1])

    @mistake("N812", replaces="gelu_forward")
    def cube_without_the_root(x, *, approximate=False):
        """u = sqrt(2 / pi) (x + 0.044715 x^3): the root multiplies the cube as well."""
        out, cache = gelu_forward(x, approximate=approximate)
        near = np.clip(x, -40, 40)
        Phi = (1 + np.tanh(ROOT * near + 0.044715 * near**3)) / 2
        return np.maximum(x, -40) * Phi if approximate else out, cache

    @mistake("N809", replaces="gelu_forward")
    def constant_of_float64(x, *, approximate=False):
        """Take constants from math: a NumPy scalar like np.sqrt(2 / np.pi) turns float32 into float64."""
        out, cache = gelu_forward(x, approximate=approximate)
        return np.float64(1) * out, cache

    @mistake("N808", replaces="gelu_backward")
    def upstream_gradient_forgotten(dout, cache):
        """Multiply by dout, which comes from above."""
        return gelu_backward(np.ones_like(dout), cache)
