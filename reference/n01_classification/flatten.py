"""Images as rows. CS231n, assignment 1: `np.reshape(X_train, (X_train.shape[0], -1))`.

    out_n = x_n, entry after entry, the last axis fastest        dx = dout in the shape of x

x (N, …)    out (N, D), D the product of the axes behind N

What is a column of out depends on the layout: of (C, H, W) all red comes first, of (H, W, C) the three channels of the
first pixel. A classifier trained on one of them must not be given the other.
"""

import math

from nnspec.shapes import Array, Float


def flatten_forward(x: Float[Array, "N *d"]):
    return x.reshape(len(x), math.prod(x.shape[1:])).copy(), (x.shape,)


def flatten_backward(dout, cache):
    (shape,) = cache
    return dout.reshape(shape).copy()
