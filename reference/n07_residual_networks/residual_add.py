"""Residual connection. He et al. 2015, arXiv:1512.03385, eq. 1: y = F(x) + x.

    out = fx + x        dfx = dout        dx = dout

fx, x, out: any shape, all the same

The gradient goes both ways, whole: x is used by F and by the connection, so its gradient is dx and what comes back
through F together. Nothing broadcasts: where F changes the shape, a shortcut has to bring x to it.
"""

from nnspec.shapes import Array, Float


def residual_add_forward(fx: Float[Array, "*shape"], x: Float[Array, "*shape"]):
    return fx + x, ()


def residual_add_backward(dout, cache):
    return dout.copy(), dout.copy()
