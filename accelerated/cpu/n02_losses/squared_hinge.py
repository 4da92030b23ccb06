"""Rows in parallel, each owned by one thread. By how much each margin is missed is kept: to square it, to add it up for
the right class and to scale it are sums and products in vectors."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_squares, fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel, of_each_row


def squared_hinge_forward(scores, y, *, delta=1.0, reduction="mean"):
    if reduction == "mean" and len(y) == 0:
        raise ValueError("squared_hinge_forward: y must hold at least one label: the mean of no rows is undefined")
    loss, missed = np.empty(len(y), scores.dtype), np.empty(scores.shape, scores.dtype)
    y = y.astype(np.int64)  # a copy: the backward writes where its labels point, so nobody else may change them
    _forward[2 * scores.size](*contiguous(scores, y), float(delta), missed, loss)
    divisor = len(y) if reduction == "mean" else 1
    return (loss if reduction == "none" else loss.sum()) / divisor, (missed, y, divisor)


def squared_hinge_backward(dloss, cache):
    missed, y, divisor = cache
    dscores = np.empty(missed.shape, missed.dtype)
    slope = of_each_row(2 * dloss / divisor, len(y)).astype(missed.dtype)
    _backward[2 * missed.size](*contiguous(missed, y, slope), dscores)
    return dscores


@kernel
def _forward(scores, y, delta, missed, loss):
    delta, zero, classes, flat = scores.dtype.type(delta), scores.dtype.type(0), scores.shape[1], missed.reshape(-1)
    for i in prange(len(y)):
        row, here, right = scores[i], missed[i], scores[i, y[i]]
        for j in range(classes):
            margin = (row[j] - right) + delta
            here[j] = zero if margin <= zero else margin  # NaN stays NaN
        here[y[i]] = zero
        loss[i] = fold_squares(flat, i * classes, classes, zero)


@kernel
def _backward(missed, y, slope, dscores):
    classes, flat = missed.shape[1], missed.reshape(-1)
    for i in prange(len(y)):
        row, here, factor = missed[i], dscores[i], slope[i]
        for j in range(classes):
            here[j] = row[j] * factor
        here[y[i]] = -fold_sum(flat, i * classes, classes) * factor
