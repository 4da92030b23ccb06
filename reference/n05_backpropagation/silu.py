"""Sigmoid linear unit, or Swish. Ramachandran et al. 2017, arXiv:1710.05941, eq. 1.

    out = x sigmoid(beta x)        dout/dx = s + beta x s (1 - s)        s = sigmoid(beta x)

x, out: any shape, entry by entry    beta: 1 for SiLU; the larger it is, the nearer out is to a ReLU
"""

from nnspec.reference.n05_backpropagation.sigmoid import sigmoid_forward
from nnspec.shapes import Array, Float


def silu_forward(x: Float[Array, "*shape"], *, beta: float = 1.0):
    s, _ = sigmoid_forward(beta * x)
    return x * s, (x, s, beta)


def silu_backward(dout, cache):
    x, s, beta = cache
    return dout * (s + beta * x * s * (1 - s))
