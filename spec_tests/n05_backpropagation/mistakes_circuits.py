"""Classic mistakes of the worked circuits."""

import numpy as np

from nnspec.reference import (
    circuit_xyz_backward,
    sigmoid_forward,
    sigmoid_neuron_backward,
    sigmoid_neuron_forward,
    staged_f_backward,
    staged_f_forward,
)
from nnspec.spec_tests._known import mistake


def slope(of_sigmoid):
    (out,) = of_sigmoid
    return out * (1 - out)


class MistakesOfCircuitXyz:
    @mistake("N1664", replaces="circuit_xyz_backward")
    def product_not_switched(dout, cache):
        """A product switches: z has the gradient (x + y) dout, and x + y has z dout."""
        q, z = cache
        return dout * q, dout * q, dout * z

    @mistake("N1664", replaces="circuit_xyz_backward")
    def sum_split_in_halves(dout, cache):
        """A sum hands its whole gradient to each of its inputs."""
        dx, dy, dz = circuit_xyz_backward(dout, cache)
        return dx / 2, dy / 2, dz

    @mistake("N808", replaces="circuit_xyz_backward")
    def upstream_gradient_forgotten(dout, cache):
        """Multiply by dout, which comes from above."""
        return circuit_xyz_backward(np.ones_like(dout), cache)

    @mistake("N1664", replaces="circuit_xyz_forward")
    def product_first(x, y, z):
        """(x + y) z: the sum comes first."""
        from nnspec.reference import circuit_xyz_forward

        _, cache = circuit_xyz_forward(x, y, z)
        return x + y * z, cache


class MistakesOfSigmoidNeuron:
    @mistake("M54", replaces="sigmoid_neuron_backward")
    def slope_of_the_input(dout, cache):
        """The slope of the sigmoid is out (1 - out), of its output; here it is taken of the sum."""
        w0, x0, w1, x1, _ = cache
        dot = w0 * x0 + w1 * x1
        ddot = dout * dot * (1 - dot)
        return ddot * x0, ddot * w0, ddot * x1, ddot * w1, ddot

    @mistake("M54", replaces="sigmoid_neuron_forward")
    def quotient_that_overflows(w0, x0, w1, x1, w2):
        """e^dot / (1 + e^dot) is inf / inf = NaN for a large sum: take exp only of what is not positive."""
        with np.errstate(over="ignore", invalid="ignore"):
            e = np.exp(w0 * x0 + w1 * x1 + w2)
            out = e / (1 + e)
        _, cache = sigmoid_neuron_forward(w0, x0, w1, x1, w2)
        return out, cache

    @mistake("N1665", replaces="sigmoid_neuron_backward")
    def factors_not_switched(dout, cache):
        """A product switches: w0 has the gradient x0 ddot, and x0 has w0 ddot."""
        dw0, dx0, dw1, dx1, dw2 = sigmoid_neuron_backward(dout, cache)
        return dx0, dw0, dx1, dw1, dw2

    @mistake("N1665", replaces="sigmoid_neuron_backward")
    def through_the_sum_alone(dout, cache):
        """The gradient goes through the sigmoid as well: multiply by out (1 - out)."""
        w0, x0, w1, x1, _ = cache
        return dout * x0, dout * w0, dout * x1, dout * w1, dout.copy()

    @mistake("N1665", replaces="sigmoid_neuron_backward")
    def bias_without_a_gradient(dout, cache):
        """w2 has a gradient too, that of the sum."""
        *others, dw2 = sigmoid_neuron_backward(dout, cache)
        return *others, 0 * dw2

    @mistake("N1665", replaces="sigmoid_neuron_backward")
    def rounded_as_in_the_figure(dout, cache):
        """The figure's two decimals are for reading: round nothing on the way."""
        w0, x0, w1, x1, of_sigmoid = cache
        ddot = dout * np.round(slope(of_sigmoid), 1)
        return ddot * x0, ddot * w0, ddot * x1, ddot * w1, ddot

    @mistake("N1665", replaces="sigmoid_neuron_forward")
    def bias_left_out(w0, x0, w1, x1, w2):
        """The sum is w0 x0 + w1 x1 + w2."""
        return sigmoid_neuron_forward(w0, x0, w1, x1, np.zeros_like(w2))

    @mistake("N808", replaces="sigmoid_neuron_backward")
    def upstream_gradient_forgotten(dout, cache):
        """Multiply by dout, which comes from above."""
        return sigmoid_neuron_backward(np.ones_like(dout), cache)


class MistakesOfStagedF:
    @mistake("M55", replaces="staged_f_backward")
    def last_use_alone(dout, cache):
        """Add the gradients of all uses: dx += and dy +=, where = leaves the last one alone."""
        xpy, invden, out, of_sigx, of_sigy = cache
        dnum = dout * invden
        dden = -dnum * out
        return dden * slope(of_sigx), dnum * slope(of_sigy)

    @mistake("M55", replaces="staged_f_backward")
    def sum_in_the_square_forgotten(dout, cache):
        """x and y stand in (x + y)^2 as well: both have its gradient."""
        xpy, invden, out, of_sigx, of_sigy = cache
        dnum = dout * invden
        return dnum - dnum * out * slope(of_sigx), dnum * slope(of_sigy)

    @mistake("M54", replaces="staged_f_backward")
    def slope_of_the_input(dout, cache):
        """The slope of the sigmoid is s (1 - s) of its output s; s alone is not it."""
        xpy, invden, out, (sigx,), (sigy,) = cache
        dnum = dout * invden
        dden = -dnum * out
        return dnum + dden * sigx + 2 * xpy * dden, dnum * sigy + 2 * xpy * dden

    @mistake("N1666", replaces="staged_f_backward")
    def quotient_without_its_minus(dout, cache):
        """1 / den falls as den grows: its slope is -1 / den^2."""
        xpy, invden, out, of_sigx, of_sigy = cache
        dnum = dout * invden
        dden = dnum * out
        dxpy = 2 * xpy * dden
        return dnum + dden * slope(of_sigx) + dxpy, dnum * slope(of_sigy) + dxpy

    @mistake("N1666", replaces="staged_f_backward")
    def square_without_its_two(dout, cache):
        """The slope of (x + y)^2 is 2 (x + y)."""
        xpy, invden, out, of_sigx, of_sigy = cache
        dnum = dout * invden
        dden = -dnum * out
        return dnum + dden * slope(of_sigx) + xpy * dden, dnum * slope(of_sigy) + xpy * dden

    @mistake("M54", replaces="staged_f_forward")
    def quotient_that_overflows(x, y):
        """e^x / (1 + e^x) is inf / inf = NaN for large x: take exp only of what is not positive."""
        with np.errstate(over="ignore", invalid="ignore"):
            sigx, sigy = (np.exp(a) / (1 + np.exp(a)) for a in (x, y))
            out = (x + sigy) / (sigx + (x + y) ** 2)
        _, cache = staged_f_forward(x, y)
        return out, cache

    @mistake("N1666", replaces="staged_f_forward")
    def sigmoids_exchanged(x, y):
        """sigmoid(y) stands above, sigmoid(x) below."""
        (sigx, _), (sigy, _) = sigmoid_forward(x), sigmoid_forward(y)
        _, cache = staged_f_forward(x, y)
        return (x + sigx) / (sigy + (x + y) ** 2), cache

    @mistake("N808", replaces="staged_f_backward")
    def upstream_gradient_forgotten(dout, cache):
        """Multiply by dout, which comes from above."""
        return staged_f_backward(np.ones_like(dout), cache)
