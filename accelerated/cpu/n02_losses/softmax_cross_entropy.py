"""Rows in parallel, each owned by one thread; exp is taken once and kept for the backward, which
divides by its sum: to take it again costs more than to write and read it."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel, of_each_row
from nnspec.accelerated.cpu.n02_losses._softmax import BLOCK, exp_of_rows


def softmax_cross_entropy_forward(scores, y, *, reduction="mean", ignore_index=None, weight=None):
    share = _share_of_each_row(scores, y, reduction, ignore_index, weight)
    (loss, scale), weights = np.empty((2, len(y)), scores.dtype), np.empty(scores.shape, scores.dtype)
    y = y.astype(np.int64)  # a copy: the backward writes where its labels point, so nobody else may change them
    _forward[8 * scores.size](*contiguous(scores, y, share), loss, weights, scale)
    return loss if reduction == "none" else loss.sum(), (weights, scale, y, share)


def softmax_cross_entropy_backward(dloss, cache):
    weights, scale, y, share = cache
    dscores = np.empty_like(weights)
    _backward[2 * weights.size](*contiguous(weights, scale, y, share, of_each_row(dloss, len(y))), dscores)
    return dscores


def _share_of_each_row(scores, y, reduction, ignore_index, weight):
    total = len(y)
    if weight is None and ignore_index is None and total:
        return np.full(total, 1 / total if reduction == "mean" else 1, scores.dtype)
    share = np.ones(total, scores.dtype)
    if weight is not None:
        share = weight[np.where(y == ignore_index, 0, y)] if ignore_index is not None else weight[y]
    if ignore_index is not None:
        share = share * (y != ignore_index)
    if reduction == "mean":
        if weight is not None or ignore_index is not None:
            total = share.sum()
        if not total > 0:
            raise ValueError(
                f"softmax_cross_entropy_forward: no row of y counts, out of {len(y)}: the mean is undefined"
            )
        share /= total
    return share


@kernel
def _forward(scores, y, share, loss, weights, scale):
    classes, one = scores.shape[1], scores.dtype.type(1)
    weights_flat = weights.reshape(-1)
    rows = max(1, BLOCK // classes)
    for block in prange((len(y) + rows - 1) // rows):
        first, last = block * rows, min(len(y), block * rows + rows)
        exp_of_rows(scores, first, last, weights, loss)
        for i in range(first, last):
            total = fold_sum(weights_flat, i * classes, classes)
            scale[i] = one / total
            if share[i] != 0:
                loss[i] = share[i] * (math.log(total) - (scores[i, y[i]] - loss[i]))
            else:
                loss[i] = 0


@kernel
def _backward(weights, scale, y, share, dloss, dscores):
    for i in prange(len(y)):
        row, here = weights[i], dscores[i]
        if share[i] == 0:  # whatever stands in the row
            here[:] = 0
            continue
        upstream, right = share[i] * dloss[i], y[i]
        factor = scale[i] * upstream
        for j in range(len(row)):
            here[j] = row[j] * factor
        here[right] = (row[right] * scale[i] - 1) * upstream
