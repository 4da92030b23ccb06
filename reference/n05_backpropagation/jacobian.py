"""The Jacobian, and what a backward makes of it. CS231n lecture 4, backprop with vectors and matrices.

    jacobian             J[o, i] = d f(x)_o / d x_i, from differences: (f(x + h e_i) - f(x - h e_i)) / 2h
    vjp_from_jacobian    dx_d = sum_o dout_o J[o, d]        the chain rule: dL/dx has the shape of x

x (*in)    f(x), dout (*out)    J (*out, *in), of `vjp_from_jacobian` (*out, D): x taken as a vector of D numbers

A backward gives the second without ever making the first: of a layer from 4096 to 4096 numbers J has 17 million entries
for each sample, of which ReLU leaves only those of the diagonal. A softmax has all of them.
"""

from collections.abc import Callable

import numpy as np

from nnspec.reference.n04_optimization._differences import answered, moved
from nnspec.shapes import Array, Float


def jacobian(f: Callable, x: Float[Array, "*shape"], *, h: float = 1e-5):
    out = answered("jacobian", f, x)
    J = np.empty(out.shape + x.shape, x.dtype)
    for i in np.ndindex(x.shape):
        ahead = np.array(f(moved("jacobian", x, i, h)))  # a copy: f may fill one buffer again and again
        J[(..., *i)] = (ahead - f(moved("jacobian", x, i, -h))) / (2 * h)
    return J


def vjp_from_jacobian(J: Float[Array, "*out D"], dout: Float[Array, "*out"]):
    return dout.ravel() @ J.reshape(dout.size, J.shape[-1])  # (D,)
