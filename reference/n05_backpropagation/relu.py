"""Rectified linear unit. Nair and Hinton 2010, "Rectified linear units improve restricted Boltzmann machines", sec. 2.

    out = max(0, x)        dout/dx = 1 where x > 0, else 0

x, out: any shape, entry by entry.

At the kink the derivative is taken as 0, as in the course and in PyTorch. NaN stays NaN.
"""

import numpy as np

from nnspec.shapes import Array, Float


def relu_forward(x: Float[Array, "*shape"]):
    return np.maximum(x, 0), (x,)


def relu_backward(dout, cache):
    (x,) = cache
    return np.where(x > 0, dout, 0)
