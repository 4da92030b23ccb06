"""As layer normalization: rows in parallel, each read from memory once; the backward recomputes xhat, and every block
of rows has a sum of its own for dgamma."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_products_of_three, fold_squares
from nnspec.accelerated.cpu._jit import contiguous, kernel

BLOCK = 64  # rows; fixed, so that the order of additions does not depend on the number of threads


def rmsnorm_forward(x, gamma, *, eps=1e-6):
    (x,) = contiguous(x)
    rows = _rows(x)
    out, inverse = np.empty(x.shape, x.dtype), np.empty(len(rows), x.dtype)
    _forward[x.size](rows, *contiguous(gamma), float(eps), _rows(out), inverse)
    return out, (x, inverse, gamma)


def rmsnorm_backward(dout, cache):
    x, inverse, gamma = cache
    (dout,) = contiguous(dout)
    dx = np.empty(x.shape, x.dtype)
    partial = np.zeros(((len(inverse) + BLOCK - 1) // BLOCK, len(gamma)), x.dtype)
    _backward[2 * x.size](_rows(dout), _rows(x), *contiguous(inverse, gamma), _rows(dx), partial)
    return dx, partial.sum(axis=0)


def _rows(x):
    """(…, D) -> (rows, D)."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


@kernel
def _forward(x, gamma, eps, out, inverse):
    rows, size = x.shape
    flat, zero, one = x.reshape(-1), x.dtype.type(0), x.dtype.type(1)
    eps, features = x.dtype.type(eps), x.dtype.type(size)
    for i in prange(rows):
        scale = one / math.sqrt(fold_squares(flat, i * size, size, zero) / features + eps)
        for j in range(size):
            out[i, j] = x[i, j] * scale * gamma[j]
        inverse[i] = scale


@kernel
def _backward(dout, x, inverse, gamma, dx, partial):
    rows, size = x.shape
    features, dout_flat, x_flat, zero = x.dtype.type(size), dout.reshape(-1), x.reshape(-1), x.dtype.type(0)
    for block in prange(len(partial)):
        dgamma = partial[block]
        for i in range(block * BLOCK, min(rows, (block + 1) * BLOCK)):
            at, scale = i * size, inverse[i]
            along = fold_products_of_three(x_flat, at, dout_flat, at, gamma, 0, size, zero) * scale / features
            for j in range(size):
                xhat = x[i, j] * scale
                dx[i, j] = (dout[i, j] * gamma[j] - xhat * along) * scale
                dgamma[j] += dout[i, j] * xhat
