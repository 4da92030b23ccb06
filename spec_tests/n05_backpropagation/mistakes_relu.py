"""Classic mistakes of ReLU."""

import numpy as np

from nnspec.reference import relu_forward
from nnspec.spec_tests._known import mistake


class MistakesOfRelu:
    @mistake("M53", replaces="relu_backward")
    def mask_from_dout(dout, cache):
        """The gradient passes where x > 0; the sign of dout says nothing about it."""
        return dout * (dout > 0)

    @mistake("M53", replaces="relu_backward")
    def mask_from_out(dout, cache):
        """out >= 0 holds everywhere: the mask is x > 0."""
        (x,) = cache
        return dout * (np.maximum(x, 0) >= 0)

    @mistake("M53", replaces="relu_backward")
    def dout_changed_in_place(dout, cache):
        """Write a new array: the caller still needs dout."""
        (x,) = cache
        dout[x <= 0] = 0
        return dout

    @mistake("N808", replaces="relu_backward")
    def upstream_gradient_forgotten(dout, cache):
        """Multiply by dout, which comes from above: the mask is the derivative alone."""
        (x,) = cache
        return (x > 0).astype(x.dtype)

    @mistake("N809", replaces="relu_backward")
    def mask_of_float64(dout, cache):
        """Keep the dtype: a mask of float64 turns float32 gradients into float64."""
        (x,) = cache
        return dout * (x > 0).astype(np.float64)

    @mistake("M53", replaces="relu_forward")
    def x_changed_in_place(x):
        """Write a new array: the caller still needs x."""
        np.maximum(x, 0, out=x)
        return relu_forward(x)

    @mistake("N810", replaces="relu_forward", convention=True)
    def mask_multiplied(x):
        """Choose with maximum or where: x * (x > 0) is -inf * 0 = NaN for x = -inf."""
        return x * (x > 0), relu_forward(x)[1]

    @mistake("N25", replaces="relu_forward", convention=True)
    def nan_becomes_zero(x):
        """NaN stays NaN: a ReLU that makes it 0 hides that something went wrong."""
        return np.where(x > 0, x, 0), relu_forward(x)[1]
