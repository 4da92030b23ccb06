"""The elementary gates: add, multiply, maximum, copy. CS231n notes "Optimization-2", patterns in backward flow.

    add        out = x + y         dx = dout              dy = dout                  it distributes
    mul        out = x y           dx = y dout            dy = x dout                it switches
    maximum    out = max(x, y)     dx = dout if x >= y    dy = dout if x < y         it routes
    copy       out1 = out2 = x     dx = dout1 + dout2                                gradients add up at forks

x, y: any shapes that broadcast with each other; the gradient of what is broadcast is summed over its uses

Where both are equal, the gradient of a maximum goes to x, the first one, so that dx and dy together are dout. NaN wins.
"""

import numpy as np

from nnspec.reference.n05_backpropagation.unbroadcast import unbroadcast
from nnspec.shapes import Array, Float


def add_forward(x: Float[Array, "*#shape"], y: Float[Array, "*#shape"]):
    return x + y, (x.shape, y.shape)


def add_backward(dout, cache):
    x_shape, y_shape = cache
    return unbroadcast(dout, x_shape), unbroadcast(dout, y_shape)


def mul_forward(x: Float[Array, "*#shape"], y: Float[Array, "*#shape"]):
    return x * y, (x, y)


def mul_backward(dout, cache):
    x, y = cache
    return unbroadcast(dout * y, x.shape), unbroadcast(dout * x, y.shape)


def maximum_forward(x: Float[Array, "*#shape"], y: Float[Array, "*#shape"]):
    return np.maximum(x, y), (x, y)


def maximum_backward(dout, cache):
    x, y = cache
    to_x = x >= y
    return unbroadcast(np.where(to_x, dout, 0), x.shape), unbroadcast(np.where(to_x, 0, dout), y.shape)


def copy_forward(x: Float[Array, "*shape"]):
    return x.copy(), x.copy(), ()


def copy_backward(dout1, dout2, cache):
    return dout1 + dout2
