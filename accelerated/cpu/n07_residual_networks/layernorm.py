"""Rows in parallel, each read from memory once; the backward recomputes xhat, which costs less than to keep it. Every
block of rows has sums of its own for dgamma and dbeta, which are added in order. A loop writes one array, so that the
compiler can tell it from what is read, and vectorises."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel

BLOCK = 64  # rows; fixed, so that the order of additions does not depend on the number of threads


def layernorm_forward(x, gamma, beta, *, eps=1e-5):
    (x,) = contiguous(x)
    rows = _rows(x)
    out, mean, rstd = np.empty(x.shape, x.dtype), np.empty(len(rows), x.dtype), np.empty(len(rows), x.dtype)
    _forward[2 * x.size](rows, *contiguous(gamma, beta), float(eps), _rows(out), mean, rstd)
    return out, (x, mean, rstd, gamma)


def layernorm_backward(dout, cache):
    x, mean, rstd, gamma = cache
    (dout,) = contiguous(dout)
    dx = np.empty(x.shape, x.dtype)
    partial = np.zeros((2, (len(mean) + BLOCK - 1) // BLOCK, len(gamma)), x.dtype)
    _backward[4 * x.size](_rows(dout), _rows(x), *contiguous(mean, rstd, gamma), _rows(dx), *partial)
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
    for block in prange((rows + BLOCK - 1) // BLOCK):
        squares = np.empty(size, x.dtype)
        for i in range(block * BLOCK, min(rows, (block + 1) * BLOCK)):
            middle = fold_sum(flat, i * size, size) / features
            for j in range(size):
                squares[j] = (x[i, j] - middle) * (x[i, j] - middle)
            scale = one / math.sqrt(fold_sum(squares, 0, size) / features + eps)
            for j in range(size):
                out[i, j] = (x[i, j] - middle) * scale * gamma[j] + beta[j]
            mean[i], rstd[i] = middle, scale


@kernel
def _backward(dout, x, mean, rstd, gamma, dx, partial_dgamma, partial_dbeta):
    rows, size = x.shape
    features = x.dtype.type(size)
    for block in prange(len(partial_dgamma)):
        xhat, dxhat, products = np.empty(size, x.dtype), np.empty(size, x.dtype), np.empty(size, x.dtype)
        for i in range(block * BLOCK, min(rows, (block + 1) * BLOCK)):
            middle, scale = mean[i], rstd[i]
            for j in range(size):
                xhat[j] = (x[i, j] - middle) * scale
            for j in range(size):
                partial_dgamma[block, j] += dout[i, j] * xhat[j]
            for j in range(size):
                partial_dbeta[block, j] += dout[i, j]
            for j in range(size):
                dxhat[j] = dout[i, j] * gamma[j]
            for j in range(size):
                products[j] = dxhat[j] * xhat[j]
            along_shift = fold_sum(dxhat, 0, size) / features
            along_scale = fold_sum(products, 0, size) / features
            for j in range(size):
                dx[i, j] = (dxhat[j] - along_shift - xhat[j] * along_scale) * scale
