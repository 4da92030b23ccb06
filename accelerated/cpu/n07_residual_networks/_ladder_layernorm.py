"""How a normalization becomes fast. `nnspec bench ladder layernorm` times the rungs, one after another.

It has little to compute, so what counts is how often an array of the size of x goes through memory. Forward and
backward have to read x, dout and x again, and to write out and dx, which makes 5 passes:

    rung     passes   lanes of a sum   threads
    arrays   19       1                1
    rows     6        1                1
    lanes    6        32               1
    final    5        32               all

The order of additions is written down in every rung: a compiler may not change it, since that changes bits, and so it
makes no vectors of a sum that is written plainly. That weighs more than the passes where the arrays fit a cache.
"""

import math

import numpy as np
from numba.extending import register_jitable

from nnspec.accelerated.cpu._fold import fold_distances, fold_products, fold_squares
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu.n07_residual_networks import layernorm


def _layernorm(forward, backward):
    """Both functions around a kernel each. Between them xhat is kept, and one over the deviation of each row."""

    def layernorm_forward(x, gamma, beta, *, eps=1e-5):
        (rows,) = contiguous(x.reshape(-1, x.shape[-1]))
        out, xhat, rstd = np.empty_like(rows), np.empty_like(rows), np.empty(len(rows), x.dtype)
        forward(rows, *contiguous(gamma, beta), float(eps), out, xhat, rstd)
        return out.reshape(x.shape), (xhat, rstd, gamma)

    def layernorm_backward(dout, cache):
        xhat, rstd, gamma = cache
        dx, dgamma, dbeta = np.empty_like(xhat), np.zeros_like(gamma), np.zeros_like(gamma)
        backward(*contiguous(dout.reshape(xhat.shape), xhat, rstd, gamma), dx, dgamma, dbeta)
        return dx.reshape(dout.shape), dgamma, dbeta

    return layernorm_forward, layernorm_backward


class arrays:
    """An array for every step.

    As NumPy does it: each operation runs over all of x and leaves an array, which the next one reads again. By the time
    it does, the beginning of a large array has left the caches.
    """

    @kernel
    def _forward(x, gamma, beta, eps, out, xhat, rstd):
        (rows, size), features = x.shape, x.dtype.type(x.shape[1])
        centred, eps, one = np.empty_like(x), x.dtype.type(eps), x.dtype.type(1)
        mean, var = np.zeros(rows, x.dtype), np.zeros(rows, x.dtype)
        for i in range(rows):
            for j in range(size):
                mean[i] += x[i, j] / features
        for i in range(rows):
            for j in range(size):
                centred[i, j] = x[i, j] - mean[i]
        for i in range(rows):
            for j in range(size):
                var[i] += centred[i, j] * centred[i, j] / features
        for i in range(rows):
            rstd[i] = one / math.sqrt(var[i] + eps)
            for j in range(size):
                xhat[i, j] = centred[i, j] * rstd[i]
        for i in range(rows):
            for j in range(size):
                out[i, j] = gamma[j] * xhat[i, j] + beta[j]

    @kernel
    def _backward(dout, xhat, rstd, gamma, dx, dgamma, dbeta):
        (rows, size), features = dx.shape, dx.dtype.type(dx.shape[1])
        dxhat = np.empty_like(dx)
        along_shift, along_scale = np.zeros(rows, dx.dtype), np.zeros(rows, dx.dtype)
        for i in range(rows):
            for j in range(size):
                dgamma[j] += dout[i, j] * xhat[i, j]
        for i in range(rows):
            for j in range(size):
                dbeta[j] += dout[i, j]
        for i in range(rows):
            for j in range(size):
                dxhat[i, j] = dout[i, j] * gamma[j]
        for i in range(rows):
            for j in range(size):
                along_shift[i] += dxhat[i, j] / features
        for i in range(rows):
            for j in range(size):
                along_scale[i] += dxhat[i, j] * xhat[i, j] / features
        for i in range(rows):
            for j in range(size):
                dx[i, j] = (dxhat[i, j] - along_shift[i] - xhat[i, j] * along_scale[i]) * rstd[i]

    layernorm_forward, layernorm_backward = _layernorm(_forward.serial, _backward.serial)


@register_jitable
def _normalize(x, mean, rstd, gamma, beta, out, xhat):
    for j in range(len(x)):
        xhat[j] = (x[j] - mean) * rstd
        out[j] = gamma[j] * xhat[j] + beta[j]


@register_jitable
def _add_parameters(dout, xhat, dgamma, dbeta):
    for j in range(len(dout)):
        dgamma[j] += dout[j] * xhat[j]
        dbeta[j] += dout[j]


@register_jitable
def _through(dout, xhat, rstd, gamma, along_shift, along_scale, dx):
    for j in range(len(dx)):
        dx[j] = (dout[j] * gamma[j] - along_shift - xhat[j] * along_scale) * rstd


class rows:
    """All steps of a row together.

    A row does not depend on the others. 512 numbers are 2 KiB, which stay in the first-level cache from the first step
    to the last: no array between the steps is left, and x, dout and xhat come from memory once each. What remains are
    four sums, in which each addition waits some 4 cycles for the last.
    """

    @kernel
    def _forward(x, gamma, beta, eps, out, xhat, rstd):
        features, eps, one = x.dtype.type(x.shape[1]), x.dtype.type(eps), x.dtype.type(1)
        for i in range(len(x)):
            mean = var = x.dtype.type(0)
            for j in range(x.shape[1]):
                mean += x[i, j]
            mean /= features
            for j in range(x.shape[1]):
                var += (x[i, j] - mean) * (x[i, j] - mean)
            rstd[i] = one / math.sqrt(var / features + eps)
            _normalize(x[i], mean, rstd[i], gamma, beta, out[i], xhat[i])

    @kernel
    def _backward(dout, xhat, rstd, gamma, dx, dgamma, dbeta):
        features = dx.dtype.type(dx.shape[1])
        for i in range(len(dx)):
            along_shift = along_scale = dx.dtype.type(0)
            for j in range(dx.shape[1]):
                along_shift += dout[i, j] * gamma[j]
                along_scale += dout[i, j] * gamma[j] * xhat[i, j]
            _through(dout[i], xhat[i], rstd[i], gamma, along_shift / features, along_scale / features, dx[i])
            _add_parameters(dout[i], xhat[i], dgamma, dbeta)

    layernorm_forward, layernorm_backward = _layernorm(_forward.serial, _backward.serial)


class lanes:
    """32 partial sums a row.

    Lane l adds every 32nd number, and in the end the lanes are added to each other: still one order, but 32 chains that
    do not wait for each other, which are two vectors of AVX-512. `_fold.py` writes them down. dxhat becomes an array of
    one row, so that both sums are sums of products.
    """

    @kernel
    def _forward(x, gamma, beta, eps, out, xhat, rstd):
        size, flat, zero = x.shape[1], x.reshape(-1), x.dtype.type(0)
        features, eps, one = x.dtype.type(size), x.dtype.type(eps), x.dtype.type(1)
        for i in range(len(x)):
            mean = fold_distances(flat, i * size, size, zero) / features
            rstd[i] = one / math.sqrt(fold_squares(flat, i * size, size, mean) / features + eps)
            _normalize(x[i], mean, rstd[i], gamma, beta, out[i], xhat[i])

    @kernel
    def _backward(dout, xhat, rstd, gamma, dx, dgamma, dbeta):
        size, features = dx.shape[1], dx.dtype.type(dx.shape[1])
        flat, xhats, dxhat = dout.reshape(-1), xhat.reshape(-1), np.empty(size, dx.dtype)
        for i in range(len(dx)):
            for j in range(size):
                dxhat[j] = dout[i, j] * gamma[j]
            along_shift = fold_products(flat, i * size, gamma, 0, size) / features
            along_scale = fold_products(dxhat, 0, xhats, i * size, size) / features
            _through(dout[i], xhat[i], rstd[i], gamma, along_shift, along_scale, dx[i])
            _add_parameters(dout[i], xhat[i], dgamma, dbeta)

    layernorm_forward, layernorm_backward = _layernorm(_forward.serial, _backward.serial)


class final:
    """Threads; xhat is not kept.

    The twin. Rows go to all cores; dgamma and dbeta, to which every row adds, are summed in blocks of 64 rows that have
    sums of their own. To compute xhat again from x costs less than to write it and to read it back. And one number of a
    row is taken off before its sum, so that a large offset does not cost digits, which is accuracy and no speed.
    """

    layernorm_forward, layernorm_backward = layernorm.layernorm_forward, layernorm.layernorm_backward
