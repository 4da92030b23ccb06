"""Rows in parallel, each owned by one thread; exp is taken once and kept as the probabilities of the backward."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_max, fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import flushed_exp

BLOCK = 2048  # scores whose exp is taken together: short rows would leave vectors half empty


def softmax_cross_entropy_forward(scores, y, *, reduction="mean", ignore_index=None, weight=None):
    share = _share_of_each_row(scores, y, reduction, ignore_index, weight)
    loss, p = np.empty(len(y), scores.dtype), np.empty(scores.shape, scores.dtype)
    y = y.astype(np.int64)  # a copy: the backward writes where its labels point, so nobody else may change them
    _forward[8 * scores.size](*contiguous(scores, y, share), loss, p)
    return loss if reduction == "none" else loss.sum(), (p, y, share)


def softmax_cross_entropy_backward(dloss, cache):
    p, y, share = cache
    dscores = np.empty_like(p)
    _backward[p.size](*contiguous(p, y, share * dloss), dscores)
    return dscores


def _share_of_each_row(scores, y, reduction, ignore_index, weight):
    share, total = np.ones(len(y), scores.dtype), len(y)
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
def _forward(scores, y, share, loss, p):
    classes, one = scores.shape[1], scores.dtype.type(1)
    scores_flat, p_flat = scores.reshape(-1), p.reshape(-1)
    rows = max(1, BLOCK // classes)
    for block in prange((len(y) + rows - 1) // rows):
        first, last = block * rows, min(len(y), block * rows + rows)
        for i in range(first, last):
            top = fold_max(scores_flat, i * classes, classes)
            for j in range(classes):
                p[i, j] = scores[i, j] - top
            loss[i] = scores[i, y[i]] - top if share[i] != 0 else 0
        whole = p_flat[first * classes : last * classes]
        for k in range(len(whole)):
            whole[k] = flushed_exp(whole[k])
        for i in range(first, last):
            total = fold_sum(p_flat, i * classes, classes)
            scale = one / total
            for j in range(classes):
                p[i, j] *= scale
            if share[i] != 0:
                loss[i] = share[i] * (math.log(total) - loss[i])


@kernel
def _backward(p, y, share, dscores):
    for i in prange(len(y)):
        for j in range(p.shape[1]):
            dscores[i, j] = p[i, j] * share[i]
        if share[i] != 0:
            dscores[i, y[i]] = (p[i, y[i]] - 1) * share[i]
