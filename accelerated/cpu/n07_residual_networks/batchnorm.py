"""Each block of rows, or each channel of an image, takes its own mean and sum of squares while it is in the cache, and
these are merged in order (Chan, Golub and LeVeque 1983): the statistics read x from memory once, in the order in which
it lies there. The backward recomputes xhat, which costs less than to keep it."""

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
    (planes,) = contiguous(_planes(x))
    if train:
        n = _count("batchnorm2d_forward", x.shape[0] * x.shape[2] * x.shape[3], unbiased_running)
        mean, var = _statistics_of_planes(planes)
        running_mean, running_var = _running(running_mean, running_var, mean, var, n, momentum, unbiased_running)
    else:
        mean, var = running_mean, running_var = running_mean.copy(), running_var.copy()
    rstd = 1 / np.sqrt(var + eps)
    out = _scaled_planes(planes, mean, gamma * rstd, beta).reshape(x.shape)
    return out, running_mean, running_var, (planes, mean.copy(), rstd, gamma, train)


def batchnorm2d_backward(dout, cache):
    planes, mean, rstd, gamma, train = cache
    upstream, mean, rstd = contiguous(dout.reshape(planes.shape), mean, rstd)
    partial = np.empty((2, *planes.shape[:2]), dout.dtype)
    _multiply_planes[4 * planes.size](upstream, planes, mean, rstd, partial)
    dgamma, dbeta = partial.sum(axis=1)
    if not train:
        return _scaled_planes(upstream, 0 * mean, gamma * rstd, 0 * mean).reshape(dout.shape), dgamma, dbeta
    n, dx = planes[:, 0].size, np.empty(planes.shape, dout.dtype)
    along = contiguous(dbeta / n, dgamma / n)
    _unscale_planes[4 * planes.size](upstream, planes, mean, rstd, *contiguous(gamma * rstd), *along, dx)
    return dx.reshape(dout.shape), dgamma, dbeta


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
    return _merged(x[0], np.diff(starts)[:, None].astype(x.dtype), means, squares)


def _statistics_of_planes(planes):
    means, squares = np.empty((2, *planes.shape[:2]), planes.dtype)
    _describe_planes[4 * planes.size](planes, means, squares)
    return _merged(planes[0, :, 0], np.full((len(planes), 1), planes.shape[2], planes.dtype), means, squares)


def _merged(first, counts, means, squares):
    """Mean and variance of all from those of parts, which are taken relative to `first`."""
    n = counts.sum()
    shift = (counts * means).sum(axis=0) / n
    spread = squares.sum(axis=0) + (counts * (means - shift) ** 2).sum(axis=0)
    return first + shift, spread / n


def _scaled(x, centre, scale, shift):
    out = np.empty(x.shape, x.dtype)
    _scale[2 * x.size](x, *contiguous(centre, scale, shift), _starts(x), out)
    return out


def _scaled_planes(planes, centre, scale, shift):
    out = np.empty(planes.shape, planes.dtype)
    _scale_planes[2 * planes.size](planes, *contiguous(centre, scale, shift), out)
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
def _describe_planes(x, means, squares):
    images, channels, size = x.shape
    for n in prange(images):
        piece, count = np.empty(size, x.dtype), x.dtype.type(size)
        for c in range(channels):
            first = x[0, c, 0]
            for k in range(size):
                piece[k] = x[n, c, k] - first
            mean = fold_sum(piece, 0, size) / count
            for k in range(size):
                piece[k] = (piece[k] - mean) * (piece[k] - mean)
            means[n, c], squares[n, c] = mean, fold_sum(piece, 0, size)


@kernel
def _scale_planes(x, centre, scale, shift, out):
    for n in prange(len(x)):
        for c in range(x.shape[1]):
            for k in range(x.shape[2]):
                out[n, c, k] = (x[n, c, k] - centre[c]) * scale[c] + shift[c]


@kernel
def _multiply_planes(dout, x, mean, rstd, partial):
    images, channels, size = x.shape
    flat = dout.reshape(-1)
    for n in prange(images):
        piece = np.empty(size, x.dtype)
        for c in range(channels):
            for k in range(size):
                piece[k] = dout[n, c, k] * ((x[n, c, k] - mean[c]) * rstd[c])
            partial[0, n, c] = fold_sum(piece, 0, size)
            partial[1, n, c] = fold_sum(flat, (n * channels + c) * size, size)


@kernel
def _unscale_planes(dout, x, mean, rstd, scale, along_shift, along_scale, dx):
    for n in prange(len(x)):
        for c in range(x.shape[1]):
            for k in range(x.shape[2]):
                xhat = (x[n, c, k] - mean[c]) * rstd[c]
                dx[n, c, k] = (dout[n, c, k] - along_shift[c] - xhat * along_scale[c]) * scale[c]
