"""Exponential linear unit, and its self-normalizing form. Clevert et al. 2016, arXiv:1511.07289, eq. 15; Klambauer et
al. 2017, arXiv:1706.02515, eq. 2.

    elu     out = x where x > 0, else alpha (e^x - 1)        dout/dx = 1 where x > 0, else alpha e^x
    selu    out = scale elu(x), with the scale and alpha at which mean 0 and variance 1 are kept from layer to layer

x, out: any shape, entry by entry    alpha: far to the left out is -alpha

e^x - 1 cancels where x is small, expm1 does not. It is taken of what is not positive alone: far to the right e^x would
overflow, although nobody asks for it. At 0 the derivative is that of the left, alpha, as in PyTorch.
"""

import numpy as np

from nnspec.shapes import Array, Float

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848, 1.0507009873554804934


def elu_forward(x: Float[Array, "*shape"], *, alpha: float = 1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))), (x, alpha)


def elu_backward(dout, cache):
    x, alpha = cache
    return dout * np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))


def selu_forward(x: Float[Array, "*shape"]):
    out, cache = elu_forward(x, alpha=SELU_ALPHA)
    return SELU_SCALE * out, cache


def selu_backward(dout, cache):
    return SELU_SCALE * elu_backward(dout, cache)
