"""Mish. Misra 2019, arXiv:1908.08681, eq. 1.

    out = x tanh(softplus(x))        dout/dx = t + x (1 - t^2) sigmoid(x)        t = tanh(softplus(x))

x, out: any shape, entry by entry
"""

import numpy as np

from nnspec.reference.n05_backpropagation.sigmoid import sigmoid_forward
from nnspec.reference.n05_backpropagation.softplus import softplus_forward
from nnspec.shapes import Array, Float


def mish_forward(x: Float[Array, "*shape"]):
    t = np.tanh(softplus_forward(x)[0])
    return x * t, (x, t)


def mish_backward(dout, cache):
    x, t = cache
    s, _ = sigmoid_forward(x)
    return dout * (t + x * (1 - t * t) * s)
