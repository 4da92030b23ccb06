"""Each block of rows, or each channel of an image, takes its own mean and sum of squares while it is in the cache, and
these are merged in order (Chan, Golub and LeVeque 1983): the statistics read x from memory once, in the order in which
it lies there. The backward recomputes xhat, which costs less than to keep it."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel

BLOCK = 1 << 15  # entries of the rows that are summed together: few enough for the second-level cache. A thread takes
# one at least, so that less than two are no work to be shared.
FEWEST = 16  # rows of a block


def batchnorm_forward(
    x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
):
    (x,) = contiguous(x)
    if not train:
        mean, rstd, scale = _given(gamma, running_mean, running_var, eps)
        out = _scaled(x, mean, scale, beta)
        return out, running_mean.copy(), running_var.copy(), (x, mean, rstd, gamma, train)
    rows, n = _rows_of_a_block(x), _count("batchnorm_forward", len(x), unbiased_running)
    blocks = (n + rows - 1) // rows
    means, squares = np.zeros((2, blocks, x.shape[1]), x.dtype)
    _describe_rows[x.size // 2](x, rows, means, squares)
    counts = np.full(blocks, rows, x.dtype)
    counts[-1] = n - (blocks - 1) * rows
    merged = _merged(x[0], counts, means, squares, n, gamma, running_mean, running_var, momentum, eps, unbiased_running)
    mean, rstd, scale, running_mean, running_var = merged
    return _scaled(x, mean, scale, beta), running_mean, running_var, (x, mean, rstd, gamma, train)


def batchnorm_backward(dout, cache):
    x, mean, rstd, gamma, train = cache
    dout, mean = contiguous(dout, mean)
    rows = _rows_of_a_block(x)
    partial = np.zeros((2, (len(x) + rows - 1) // rows, x.shape[1]), x.dtype)
    _multiply_rows[x.size // 2](dout, x, mean, rows, partial)
    dgamma, dbeta, along_shift, along_scale, scale = _totals(partial, rstd, gamma, len(x))
    if not train:
        return _scaled(dout, 0 * mean, gamma * rstd, 0 * mean), dgamma, dbeta
    dx = np.empty(x.shape, x.dtype)
    _unscale_rows[x.size // 2](dout, x, *contiguous(mean, along_shift, along_scale, scale), rows, dx)
    return dx, dgamma, dbeta


def batchnorm2d_forward(
    x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
):
    rules = {"train": train, "momentum": momentum, "eps": eps, "unbiased_running": unbiased_running}
    return _normalized_maps(x, gamma, beta, running_mean, running_var, **rules)


def batchnorm2d_backward(dout, cache):
    return _normalized_maps_backward(dout, cache)[:3]


def _normalized_maps(
    x,
    gamma,
    beta,
    running_mean,
    running_var,
    *,
    train,
    momentum=0.9,
    eps=1e-5,
    unbiased_running=False,
    relu=False,
    plus=None,
):
    """`batchnorm2d_forward`, with what often follows it in the same pass.

    relu: max(0, …) of it, or of its sum with `plus`, an array that is given with relu alone.
    """
    (planes,) = contiguous(_planes(x))
    mean, rstd, scale, *statistics = (
        _of_planes(planes, gamma, running_mean, running_var, momentum, eps, unbiased_running)
        if train
        else (*_given(gamma, running_mean, running_var, eps), running_mean.copy(), running_var.copy())
    )
    out = _scaled_planes(planes, mean, scale, beta, relu, None if plus is None else _planes(plus))
    cache = (planes, mean, rstd, gamma, train, *contiguous(out if relu else out[:0]))
    return out.reshape(x.shape), *statistics, cache


def _normalized_maps_backward(dout, cache):
    """dx, dgamma, dbeta, and the gradient of what relu was taken of, which is that of plus, too: dout without relu."""
    planes, mean, rstd, gamma, train, active = cache
    upstream, mean = contiguous(dout.reshape(planes.shape), mean)
    partial = np.empty((2, *planes.shape[:2]), dout.dtype)
    gated = np.empty(active.shape, dout.dtype)
    _multiply_planes[planes.size](upstream, planes, mean, active, gated, partial)
    (upstream,) = contiguous(gated) if len(active) else (upstream,)
    dgamma, dbeta, along_shift, along_scale, scale = _totals(partial, rstd, gamma, planes[:, 0].size)
    if train:
        dx = np.empty(planes.shape, dout.dtype)
        _unscale_planes[planes.size](upstream, planes, *contiguous(mean, along_shift, along_scale, scale), dx)
    else:
        dx = _scaled_planes(upstream, 0 * mean, gamma * rstd, 0 * mean)
    return dx.reshape(dout.shape), dgamma, dbeta, upstream.reshape(dout.shape)


def _of_planes(planes, gamma, running_mean, running_var, momentum, eps, unbiased_running):
    n = _count("batchnorm2d_forward", planes[:, 0].size, unbiased_running)
    means, squares = np.empty((2, *planes.shape[:2]), planes.dtype)
    _describe_planes[planes.size](planes, means, squares)
    counts = np.full(len(planes), planes.shape[2], planes.dtype)
    first = planes[0, :, 0]
    return _merged(first, counts, means, squares, n, gamma, running_mean, running_var, momentum, eps, unbiased_running)


def _count(op, n, unbiased_running):
    least = "two samples with unbiased_running=True" if unbiased_running else "one sample in training"
    if n < 1 + unbiased_running:
        raise ValueError(f"{op}: x must hold at least {least}, got {n}")
    return n


def _given(gamma, running_mean, running_var, eps):
    rstd = 1 / np.sqrt(running_var + eps)
    return running_mean.copy(), rstd, gamma * rstd


def _planes(x):
    N, C, H, W = x.shape
    return x.reshape(N, C, H * W)


def _rows_of_a_block(x):
    """The same for every number of threads."""
    return max(FEWEST, BLOCK // max(1, x.shape[1]))


def _merged(first, counts, means, squares, n, gamma, running_mean, running_var, momentum, eps, unbiased_running):
    """mean, rstd and gamma rstd of all from mean and squares of each part, and the running statistics after them."""
    merged = np.zeros((5, len(first)), first.dtype)
    kept = n / (n - 1) if unbiased_running else 1.0
    given = contiguous(first, counts, means, squares, gamma, running_mean, running_var)
    _merge.serial(*given, float(n), float(momentum), float(eps), kept, merged)
    return merged


def _totals(partial, rstd, gamma, n):
    totals = np.zeros((5, len(gamma)), partial.dtype)
    _total.serial(*contiguous(partial, rstd, gamma), float(n), totals)
    return totals


def _scaled(x, centre, scale, shift):
    out, rows = np.empty(x.shape, x.dtype), _rows_of_a_block(x)
    _scale_rows[x.size // 2](x, *contiguous(centre, scale, shift), rows, out)
    return out


def _scaled_planes(planes, centre, scale, shift, relu=False, plus=None):
    out = np.empty(planes.shape, planes.dtype)
    plus = planes[:0] if plus is None else plus
    _scale_planes[planes.size](planes, *contiguous(centre, scale, shift, plus), relu, out)
    return out


@kernel
def _merge(first, counts, means, squares, gamma, running_mean, running_var, n, momentum, eps, kept, merged):
    """Means are relative to `first`."""
    number = first.dtype.type
    one, n, keep, new = number(1), number(n), number(momentum), number(1 - momentum)
    mean, rstd, scale = merged[0], merged[1], merged[2]
    next_mean, next_var = merged[3], merged[4]
    for part in range(len(means)):
        for j in range(len(first)):
            mean[j] += counts[part] * means[part, j]
    for j in range(len(first)):
        mean[j] /= n
    for part in range(len(means)):
        for j in range(len(first)):
            off = means[part, j] - mean[j]
            rstd[j] += squares[part, j] + counts[part] * (off * off)
    for j in range(len(first)):
        var = rstd[j] / n
        mean[j] += first[j]
        rstd[j] = one / math.sqrt(var + number(eps))
        scale[j] = gamma[j] * rstd[j]
        next_mean[j] = keep * running_mean[j] + new * mean[j]
        next_var[j] = keep * running_var[j] + new * (var * number(kept))


@kernel
def _total(partial, rstd, gamma, n, totals):
    dgamma, dbeta = totals[0], totals[1]
    along_shift, along_scale, scale = totals[2], totals[3], totals[4]
    n = gamma.dtype.type(n)
    for part in range(partial.shape[1]):
        for j in range(len(gamma)):
            dgamma[j] += partial[0, part, j]
            dbeta[j] += partial[1, part, j]
    for j in range(len(gamma)):
        dgamma[j] *= rstd[j]
        along_shift[j] = dbeta[j] / n
        along_scale[j] = dgamma[j] / n * rstd[j]
        scale[j] = gamma[j] * rstd[j]


@kernel
def _describe_rows(x, rows, means, squares):
    """Mean and sum of squares of blocks of rows, relative to the first row, which a common offset does not reach.

    Four rows at a time, so that the sums are read and written a quarter as often.
    """
    columns, first = x.shape[1], x[0]
    for block in prange(len(means)):
        start, end = block * rows, min(len(x), (block + 1) * rows)
        mean, square = means[block], squares[block]
        fours = start + (end - start) // 4 * 4
        for i in range(start, fours, 4):
            for j in range(columns):
                mean[j] += ((x[i, j] - first[j]) + (x[i + 1, j] - first[j])) + (
                    (x[i + 2, j] - first[j]) + (x[i + 3, j] - first[j])
                )
        for i in range(fours, end):
            for j in range(columns):
                mean[j] += x[i, j] - first[j]
        for j in range(columns):
            mean[j] /= end - start
        for i in range(start, fours, 4):
            for j in range(columns):
                a, b = (x[i, j] - first[j]) - mean[j], (x[i + 1, j] - first[j]) - mean[j]
                c, d = (x[i + 2, j] - first[j]) - mean[j], (x[i + 3, j] - first[j]) - mean[j]
                square[j] += (a * a + b * b) + (c * c + d * d)
        for i in range(fours, end):
            for j in range(columns):
                a = (x[i, j] - first[j]) - mean[j]
                square[j] += a * a


@kernel
def _scale_rows(x, centre, scale, shift, rows, out):
    for block in prange((len(x) + rows - 1) // rows):
        for i in range(block * rows, min(len(x), (block + 1) * rows)):
            for j in range(x.shape[1]):
                out[i, j] = (x[i, j] - centre[j]) * scale[j] + shift[j]


@kernel
def _multiply_rows(dout, x, mean, rows, partial):
    """Sums of dout (x - mean) and of dout over blocks of rows, four rows at a time."""
    columns = x.shape[1]
    for block in prange(partial.shape[1]):
        start, end = block * rows, min(len(x), (block + 1) * rows)
        along, total = partial[0, block], partial[1, block]
        fours = start + (end - start) // 4 * 4
        for i in range(start, fours, 4):
            for j in range(columns):
                a, b, c, d = dout[i, j], dout[i + 1, j], dout[i + 2, j], dout[i + 3, j]
                total[j] += (a + b) + (c + d)
                along[j] += (a * (x[i, j] - mean[j]) + b * (x[i + 1, j] - mean[j])) + (
                    c * (x[i + 2, j] - mean[j]) + d * (x[i + 3, j] - mean[j])
                )
        for i in range(fours, end):
            for j in range(columns):
                total[j] += dout[i, j]
                along[j] += dout[i, j] * (x[i, j] - mean[j])


@kernel
def _unscale_rows(dout, x, mean, along_shift, along_scale, scale, rows, dx):
    for block in prange((len(x) + rows - 1) // rows):
        for i in range(block * rows, min(len(x), (block + 1) * rows)):
            for j in range(x.shape[1]):
                dx[i, j] = (dout[i, j] - along_shift[j] - (x[i, j] - mean[j]) * along_scale[j]) * scale[j]


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
def _scale_planes(x, centre, scale, shift, plus, relu, out):
    zero = x.dtype.type(0)
    for n in prange(len(x)):
        for c in range(x.shape[1]):
            if len(plus):
                for k in range(x.shape[2]):
                    y = (x[n, c, k] - centre[c]) * scale[c] + shift[c] + plus[n, c, k]
                    out[n, c, k] = zero if y <= zero else y  # in this order NaN stays NaN
            elif relu:
                for k in range(x.shape[2]):
                    y = (x[n, c, k] - centre[c]) * scale[c] + shift[c]
                    out[n, c, k] = zero if y <= zero else y
            else:
                for k in range(x.shape[2]):
                    out[n, c, k] = (x[n, c, k] - centre[c]) * scale[c] + shift[c]


@kernel
def _multiply_planes(dout, x, mean, active, gated, partial):
    """active: the output of a ReLU behind the norm, whose gradient is written to `gated`."""
    images, channels, size = x.shape
    zero, upstream, upstream_gated = x.dtype.type(0), dout.reshape(-1), gated.reshape(-1)
    for n in prange(images):
        piece = np.empty(size, x.dtype)
        for c in range(channels):
            start = (n * channels + c) * size
            if len(active):
                for k in range(size):
                    d = dout[n, c, k] if active[n, c, k] > zero else zero
                    gated[n, c, k] = d
                    piece[k] = d * (x[n, c, k] - mean[c])
                partial[1, n, c] = fold_sum(upstream_gated, start, size)
            else:
                for k in range(size):
                    piece[k] = dout[n, c, k] * (x[n, c, k] - mean[c])
                partial[1, n, c] = fold_sum(upstream, start, size)
            partial[0, n, c] = fold_sum(piece, 0, size)


@kernel
def _unscale_planes(dout, x, mean, along_shift, along_scale, scale, dx):
    for n in prange(len(x)):
        for c in range(x.shape[1]):
            for k in range(x.shape[2]):
                dx[n, c, k] = (dout[n, c, k] - along_shift[c] - (x[n, c, k] - mean[c]) * along_scale[c]) * scale[c]
