"""Softplus: a ReLU without a kink. Dugas et al. 2001, "Incorporating second-order functional knowledge for better
option pricing", eq. 5; PyTorch, `nn.Softplus`.

    out = log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)        dout/dx = sigmoid(x)

x, out: any shape, entry by entry

The second form never takes exp of what is positive, and log1p keeps the digits of a small e^-|x|.
"""

import numpy as np

from nnspec.reference.n05_backpropagation.sigmoid import sigmoid_forward
from nnspec.shapes import Array, Float


def softplus_forward(x: Float[Array, "*shape"]):
    return np.maximum(x, 0) + np.log1p(np.exp(-abs(x))), (x,)


def softplus_backward(dout, cache):
    (x,) = cache
    s, _ = sigmoid_forward(x)
    return dout * s
