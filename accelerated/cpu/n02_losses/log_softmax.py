"""Lines in parallel, each owned by one thread. The exponentials of log-softmax stand where its output is to stand,
for as long as they are added up; logsumexp keeps them for its backward."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_max, fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import flushed_exp
from nnspec.accelerated.cpu.n02_losses._softmax import as_they_stood, lines, softmax_lines
from nnspec.reference.n02_losses._axis import require_axis


def log_softmax_forward(x, *, axis=-1):
    require_axis("log_softmax_forward", x, axis)
    scores = lines(x, axis)
    logp = np.empty(scores.shape, x.dtype)
    if logp.size:
        _forward[8 * x.size](*contiguous(scores), logp)
    return as_they_stood(logp, x.shape, axis), (logp, axis)


def log_softmax_backward(dout, cache):
    logp, axis = cache
    dx = np.empty(logp.shape, logp.dtype)
    if dx.size:
        _backward[8 * dx.size](*contiguous(lines(dout, axis), logp), dx)
    return as_they_stood(dx, dout.shape, axis)


def logsumexp_forward(x, *, axis=-1, keepdims=False):
    require_axis("logsumexp_forward", x, axis)
    p, tops, totals = softmax_lines(lines(x, axis))
    endless = np.isinf(tops)
    if endless.any():  # there -inf or inf itself, and p is NaN
        p[endless], totals[endless] = 0, 1
    shape = [size for i, size in enumerate(x.shape) if i != axis % x.ndim]
    out = (tops + np.log(totals)).reshape(shape)
    return np.expand_dims(out, axis) if keepdims else out, (p, x.shape, axis)


def logsumexp_backward(dout, cache):
    p, shape, axis = cache
    dx = np.empty(p.shape, p.dtype)
    _scale[p.size](*contiguous(dout.reshape(-1), p), dx)
    return as_they_stood(dx, shape, axis)


@kernel
def _forward(x, logp):
    size = x.shape[1]
    x_flat, flat = x.reshape(-1), logp.reshape(-1)
    for i in prange(len(x)):
        scores, here = x[i], logp[i]
        top = fold_max(x_flat, i * size, size)
        for j in range(size):
            here[j] = flushed_exp(scores[j] - top)
        log_total = x.dtype.type(math.log(fold_sum(flat, i * size, size)))
        for j in range(size):
            here[j] = (scores[j] - top) - log_total


@kernel
def _backward(dout, logp, dx):
    size, flat = logp.shape[1], dout.reshape(-1)
    for i in prange(len(logp)):
        upstream, logs, here = dout[i], logp[i], dx[i]
        total = fold_sum(flat, i * size, size)
        for j in range(size):
            here[j] = upstream[j] - flushed_exp(logs[j]) * total


@kernel
def _scale(dout, p, dx):
    for i in prange(len(p)):
        upstream, weights, here = dout[i], p[i], dx[i]
        for j in range(len(weights)):
            here[j] = upstream * weights[j]
