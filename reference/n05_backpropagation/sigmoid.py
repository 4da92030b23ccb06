"""Logistic sigmoid. CS231n notes "Backpropagation, Intuitions", sigmoid example; assignment 3, `sigmoid`.

    out = 1 / (1 + exp(-x))        dout/dx = out (1 - out)

x, out: any shape, entry by entry.

exp is only taken of what is not positive, so that nothing overflows: for x < 0 it is exp(x) / (1 + exp(x)), the same
number. The derivative is written in the output, so where out has rounded to 1 the gradient is exactly 0.
"""

import numpy as np

from nnspec.shapes import Array, Float


def sigmoid_forward(x: Float[Array, "*shape"]):
    e = np.exp(-np.abs(x))
    out = np.where(x < 0, e, 1) / (1 + e)
    return out, (out,)


def sigmoid_backward(dout, cache):
    (out,) = cache
    return dout * out * (1 - out)
