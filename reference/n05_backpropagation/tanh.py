"""Hyperbolic tangent. CS231n notes "Neural networks", part 1, commonly used activation functions.

    out = tanh(x) = 2 sigmoid(2x) - 1        dout/dx = 1 - out^2

x, out: any shape, entry by entry.

The derivative is written in the output, so where out has rounded to ±1 the gradient is exactly 0 (1 / cosh^2 is not).
"""

import numpy as np

from nnspec.shapes import Array, Float


def tanh_forward(x: Float[Array, "*shape"]):
    out = np.tanh(x)
    return out, (out,)


def tanh_backward(dout, cache):
    (out,) = cache
    return dout * (1 - out * out)
