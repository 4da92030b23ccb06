"""Rows in parallel, each owned by one thread. The largest score of the wrong classes is found in vectors, on both sides
of the right one, and which class it is by a second look, which ends there. Two numbers of a row are kept."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_below, fold_max
from nnspec.accelerated.cpu._jit import contiguous, kernel, of_each_row
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced


def crammer_singer_forward(scores, y, *, delta=1.0, reduction="mean"):
    divisor = divisor_of_the_mean("crammer_singer_forward", reduction, y=len(y))
    loss, closest = np.empty(len(y), scores.dtype), np.empty(len(y), np.int64)
    y = y.astype(np.int64)  # a copy: the backward writes where its labels point, so nobody else may change them
    _forward[scores.size](*contiguous(scores, y), float(delta), loss, closest)
    return reduced(loss, reduction, divisor), (closest, y, scores.shape, divisor)


def crammer_singer_backward(dloss, cache):
    closest, y, shape, divisor = cache
    dscores = np.empty(shape, dloss.dtype)
    _backward[dscores.size](*contiguous(of_each_row(dloss / divisor, len(y)), closest, y), dscores)
    return dscores


@kernel
def _forward(scores, y, delta, loss, closest):
    delta, zero, classes, flat = scores.dtype.type(delta), scores.dtype.type(0), scores.shape[1], scores.reshape(-1)
    lowest, nan = scores.dtype.type(-np.inf), scores.dtype.type(np.nan)
    for i in prange(len(y)):
        row, start = scores[i], i * classes
        right, at = y[i], 0
        top = max(fold_max(flat, start, right), fold_max(flat, start + right + 1, classes - 1 - right))
        while at < classes and (at == right or row[at] != top):
            at += 1
        if fold_below(flat, start, classes, lowest) > zero:  # NaN, over which the maximum passes
            top = nan
        margin = (top - row[right]) + delta
        closest[i] = at if margin > zero else -1
        loss[i] = zero if margin <= zero else margin  # NaN stays NaN


@kernel
def _backward(slope, closest, y, dscores):
    zero = dscores.dtype.type(0)
    for i in prange(len(y)):
        row = dscores[i]
        row[:] = zero
        if closest[i] >= 0:
            row[closest[i]] = slope[i]
            row[y[i]] = -slope[i]
