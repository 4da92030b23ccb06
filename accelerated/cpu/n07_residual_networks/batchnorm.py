"""Rows: each block of rows takes its own mean and sum of squares while it is in the cache, and these are merged in
order (Chan, Golub and LeVeque 1983), so the statistics read x from memory once. Images: a channel belongs to one
thread, from whose cache it is read again. The backward recomputes xhat, which costs less than to keep it."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel

BLOCK = 1 << 15  # entries of the rows that are summed together: few enough for the second-level cache
FEWEST = 16  # rows of a block


def batchnorm_forward(
    x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
):
    (x,) = contiguous(x)
    if train:
        n = _count("batchnorm_forward", len(x), unbiased_running)
        mean, var = _statistics_of_rows(x)
        running_mean, running_var = _running(running_mean, running_var, mean, var, n, momentum, unbiased_running)
    else:
        mean, var = running_mean, running_var = running_mean.copy(), running_var.copy()
    rstd = 1 / np.sqrt(var + eps)
    return _scaled(x, mean, gamma * rstd, beta), running_mean, running_var, (x, mean.copy(), rstd, gamma, train)


def batchnorm_backward(dout, cache):
    x, mean, rstd, gamma, train = cache
    dout, mean, rstd = contiguous(dout, mean, rstd)
    partial = np.zeros((2, len(_starts(x)) - 1, x.shape[1]), x.dtype)
    _sum_products[4 * x.size](dout, x, mean, rstd, _starts(x), partial)
    dgamma, dbeta = partial.sum(axis=1)
    if not train:
        return _scaled(dout, 0 * mean, gamma * rstd, 0 * mean), dgamma, dbeta
    dx = np.empty(x.shape, x.dtype)
    along = contiguous(dbeta / len(x), dgamma / len(x))
    _unscale[4 * x.size](dout, x, mean, rstd, *contiguous(gamma * rstd), *along, _starts(x), dx)
    return dx, dgamma, dbeta


def batchnorm2d_forward(
    x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
):
    (x,) = contiguous(x)
    out, mean, var, rstd = np.empty(x.shape, x.dtype), running_mean.copy(), running_var.copy(), np.empty_like(gamma)
    n = x.shape[0] * x.shape[2] * x.shape[3]
    if train:
        _count("batchnorm2d_forward", n, unbiased_running)
    planes = _planes(x)
    _images_forward[8 * x.size](
        planes, *contiguous(gamma, beta), float(eps), bool(train), mean, var, rstd, out.reshape(planes.shape)
    )
    if train:
        running_mean, running_var = _running(running_mean, running_var, mean, var, n, momentum, unbiased_running)
    else:
        running_mean, running_var = running_mean.copy(), running_var.copy()
    return out, running_mean, running_var, (x, mean, rstd, gamma, train)


def batchnorm2d_backward(dout, cache):
    x, mean, rstd, gamma, train = cache
    dx, dgamma, dbeta = np.empty(x.shape, x.dtype), np.empty_like(mean), np.empty_like(mean)
    (dout,) = contiguous(dout)
    planes = _planes(x)
    _images_backward[8 * x.size](
        dout.reshape(planes.shape), planes, *contiguous(mean, rstd, gamma), bool(train),
        dx.reshape(planes.shape), dgamma, dbeta,
    )  # fmt: skip
    return dx, dgamma, dbeta


def _count(op, n, unbiased_running):
    least = "two samples with unbiased_running=True" if unbiased_running else "one sample in training"
    if n < 1 + unbiased_running:
        raise ValueError(f"{op}: x must hold at least {least}, got {n}")
    return n


def _running(running_mean, running_var, mean, var, n, momentum, unbiased_running):
    kept_var = var * n / (n - 1) if unbiased_running else var
    keep, new = momentum, 1 - momentum
    return keep * running_mean + new * mean, keep * running_var + new * kept_var


def _planes(x):
    N, C, H, W = x.shape
    return x.reshape(N, C, H * W)


def _starts(x):
    """Where blocks of rows begin, and the end of the last: the same for every number of threads."""
    rows = max(FEWEST, BLOCK // max(1, x.shape[1]))
    return np.minimum(np.arange(0, len(x) + rows, rows), len(x))


def _statistics_of_rows(x):
    starts = _starts(x)
    means, squares = np.zeros((2, len(starts) - 1, x.shape[1]), x.dtype)
    _sum_squares[4 * x.size](x, starts, means, squares)
    counts = np.diff(starts)[:, None].astype(x.dtype)
    shift = (counts * means).sum(axis=0) / len(x)
    spread = squares.sum(axis=0) + (counts * (means - shift) ** 2).sum(axis=0)
    return x[0] + shift, spread / len(x)


def _scaled(x, centre, scale, shift):
    out = np.empty(x.shape, x.dtype)
    _scale[2 * x.size](x, *contiguous(centre, scale, shift), _starts(x), out)
    return out


@kernel
def _sum_squares(x, starts, means, squares):
    """Of the distances from the first row, which a common offset does not reach."""
    for block in prange(len(means)):
        first, end = starts[block], starts[block + 1]
        for i in range(first, end):
            for j in range(x.shape[1]):
                means[block, j] += x[i, j] - x[0, j]
        for j in range(x.shape[1]):
            means[block, j] /= end - first
        for i in range(first, end):
            for j in range(x.shape[1]):
                centred = (x[i, j] - x[0, j]) - means[block, j]
                squares[block, j] += centred * centred


@kernel
def _scale(x, centre, scale, shift, starts, out):
    for block in prange(len(starts) - 1):
        for i in range(starts[block], starts[block + 1]):
            for j in range(x.shape[1]):
                out[i, j] = (x[i, j] - centre[j]) * scale[j] + shift[j]


@kernel
def _sum_products(dout, x, mean, rstd, starts, partial):
    for block in prange(partial.shape[1]):
        for i in range(starts[block], starts[block + 1]):
            for j in range(x.shape[1]):
                partial[0, block, j] += dout[i, j] * ((x[i, j] - mean[j]) * rstd[j])
                partial[1, block, j] += dout[i, j]


@kernel
def _unscale(dout, x, mean, rstd, scale, along_shift, along_scale, starts, dx):
    for block in prange(len(starts) - 1):
        for i in range(starts[block], starts[block + 1]):
            for j in range(x.shape[1]):
                xhat = (x[i, j] - mean[j]) * rstd[j]
                dx[i, j] = (dout[i, j] - along_shift[j] - xhat * along_scale[j]) * scale[j]


@kernel
def _images_forward(x, gamma, beta, eps, train, mean, var, rstd, out):
    images, channels, size = x.shape
    eps, count = x.dtype.type(eps), x.dtype.type(images * size)
    for c in prange(channels):
        if train:
            piece, first = np.empty(size, x.dtype), x[0, c, 0]
            total = x.dtype.type(0)
            for n in range(images):
                for k in range(size):
                    piece[k] = x[n, c, k] - first
                total += fold_sum(piece, 0, size)
            shift = total / count
            total = x.dtype.type(0)
            for n in range(images):
                for k in range(size):
                    centred = (x[n, c, k] - first) - shift
                    piece[k] = centred * centred
                total += fold_sum(piece, 0, size)
            mean[c], var[c] = first + shift, total / count
        rstd[c] = 1 / math.sqrt(var[c] + eps)
        scale = gamma[c] * rstd[c]
        for n in range(images):
            for k in range(size):
                out[n, c, k] = (x[n, c, k] - mean[c]) * scale + beta[c]


@kernel
def _images_backward(dout, x, mean, rstd, gamma, train, dx, dgamma, dbeta):
    images, channels, size = x.shape
    dout_flat, count = dout.reshape(-1), x.dtype.type(images * size)
    for c in prange(channels):
        piece, scale = np.empty(size, x.dtype), gamma[c] * rstd[c]
        products, total = x.dtype.type(0), x.dtype.type(0)
        for n in range(images):
            for k in range(size):
                piece[k] = dout[n, c, k] * ((x[n, c, k] - mean[c]) * rstd[c])
            products += fold_sum(piece, 0, size)
            total += fold_sum(dout_flat, (n * channels + c) * size, size)
        dgamma[c], dbeta[c] = products, total
        along_shift, along_scale = total / count, products / count
        for n in range(images):
            for k in range(size):
                xhat = (x[n, c, k] - mean[c]) * rstd[c]
                centred = dout[n, c, k] - along_shift - xhat * along_scale if train else dout[n, c, k]
                dx[n, c, k] = centred * scale
