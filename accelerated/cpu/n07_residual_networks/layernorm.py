"""Rows in parallel, each read from memory once; the backward recomputes xhat, which costs less than to keep it. Every
block of rows has sums of its own for dgamma and dbeta, which are added in order."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_distances, fold_products, fold_products_of_three, fold_squares
from nnspec.accelerated.cpu._jit import contiguous, kernel

BLOCK = 64  # rows; fixed, so that the order of additions does not depend on the number of threads


def layernorm_forward(x, gamma, beta, *, eps=1e-5):
    (x,) = contiguous(x)
    rows = _rows(x)
    out, mean, rstd = np.empty(x.shape, x.dtype), np.empty(len(rows), x.dtype), np.empty(len(rows), x.dtype)
    _forward[x.size](rows, *contiguous(gamma, beta), float(eps), _rows(out), mean, rstd)
    return out, (x, mean, rstd, gamma)


def layernorm_backward(dout, cache):
    x, mean, rstd, gamma = cache
    (dout,) = contiguous(dout)
    dx = np.empty(x.shape, x.dtype)
    partial = np.zeros((2, (len(mean) + BLOCK - 1) // BLOCK, len(gamma)), x.dtype)
    _backward[2 * x.size](_rows(dout), _rows(x), *contiguous(mean, rstd, gamma), _rows(dx), *partial)
    dgamma, dbeta = partial.sum(axis=1)
    return dx, dgamma, dbeta


def _rows(x):
    """(…, D) -> (rows, D)."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


@kernel
def _forward(x, gamma, beta, eps, out, mean, rstd):
    rows, size = x.shape
    flat, one = x.reshape(-1), x.dtype.type(1)
    eps, features = x.dtype.type(eps), x.dtype.type(size)
    for i in prange(rows):
        first = x[i, 0] if size else features  # what all have in common must not cost the sum its digits
        middle = first + fold_distances(flat, i * size, size, first) / features
        scale = one / math.sqrt(fold_squares(flat, i * size, size, middle) / features + eps)
        for j in range(size):
            out[i, j] = (x[i, j] - middle) * scale * gamma[j] + beta[j]
        mean[i], rstd[i] = middle, scale


@kernel
def _backward(dout, x, mean, rstd, gamma, dx, partial_dgamma, partial_dbeta):
    rows, size = x.shape
    features, dout_flat, x_flat = x.dtype.type(size), dout.reshape(-1), x.reshape(-1)
    for block in prange(len(partial_dgamma)):
        dgamma, dbeta = partial_dgamma[block], partial_dbeta[block]
        for i in range(block * BLOCK, min(rows, (block + 1) * BLOCK)):
            at, middle, scale = i * size, mean[i], rstd[i]
            along_shift = fold_products(dout_flat, at, gamma, 0, size) / features
            along_scale = fold_products_of_three(x_flat, at, dout_flat, at, gamma, 0, size, middle) * scale / features
            for j in range(size):
                xhat = (x[i, j] - middle) * scale
                dx[i, j] = (dout[i, j] * gamma[j] - along_shift - xhat * along_scale) * scale
                dgamma[j] += dout[i, j] * xhat
                dbeta[j] += dout[i, j]
