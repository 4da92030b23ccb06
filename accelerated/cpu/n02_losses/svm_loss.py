"""Rows in parallel, each owned by one thread. Nothing of the size of the scores is kept: to look at the margins again
costs less than to write and read them."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_hinges, fold_margins
from nnspec.accelerated.cpu._jit import contiguous, kernel, of_each_row


def svm_loss_forward(scores, y, *, delta=1.0, reduction="mean"):
    if reduction == "mean" and len(y) == 0:
        raise ValueError("svm_loss_forward: y must hold at least one label: the mean of no rows is undefined")
    loss = np.empty(len(y), scores.dtype)
    y = y.astype(np.int64)  # a copy: the backward writes where its labels point, so nobody else may change them
    _forward[2 * scores.size](*contiguous(scores, y), float(delta), loss)
    divisor = len(y) if reduction == "mean" else 1
    return (loss if reduction == "none" else loss.sum()) / divisor, (scores, y, delta, divisor)


def svm_loss_backward(dloss, cache):
    scores, y, delta, divisor = cache
    dscores = np.empty(scores.shape, scores.dtype)
    share = of_each_row(dloss / divisor, len(y))
    _backward[2 * scores.size](*contiguous(scores, y, share), float(delta), dscores)
    return dscores


@kernel
def _forward(scores, y, delta, loss):
    delta, classes, scores_flat = scores.dtype.type(delta), scores.shape[1], scores.reshape(-1)
    for i in prange(len(y)):
        start, right = i * classes, scores[i, y[i]]
        before = fold_hinges(scores_flat, start, y[i], right, delta)
        loss[i] = before + fold_hinges(scores_flat, start + y[i] + 1, classes - 1 - y[i], right, delta)


@kernel
def _backward(scores, y, share, delta, dscores):
    delta, zero, classes, flat = scores.dtype.type(delta), scores.dtype.type(0), scores.shape[1], scores.reshape(-1)
    for i in prange(len(y)):
        row, here = scores[i], dscores[i]
        right, slope = scores[i, y[i]], share[i]
        active = fold_margins(flat, i * classes, classes, right, delta)
        if (right - right) + delta > zero:
            active -= 1  # its own margin
        for j in range(classes):
            here[j] = slope if (row[j] - right) + delta > zero else zero
        here[y[i]] = -active * slope
