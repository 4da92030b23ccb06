"""Softmax along any axis: lines in parallel, each owned by one thread. Along another axis than the last they are
copied, so that each lies in one piece. The exponentials of rows of scores, from which losses begin."""

from math import prod

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._fold import fold_max, fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import flushed_exp

SHORT = 64  # classes below which rows would leave vectors half empty: the exp of many is taken together
BLOCK = 2048  # scores of these many


def lines(x, axis):
    """(n, T): every line of x along that axis."""
    moved = x if _is_last(axis, x.ndim) else np.moveaxis(x, axis, -1)
    return moved.reshape(prod(moved.shape[:-1]), moved.shape[-1])


def as_they_stood(found, shape, axis):
    """The array of that shape whose lines these are."""
    if _is_last(axis, len(shape)):
        return found.reshape(shape)
    moved = [size for i, size in enumerate(shape) if i != axis % len(shape)]
    return np.moveaxis(found.reshape(*moved, shape[axis]), -1, axis)


def _is_last(axis, ndim):
    """Then nothing is to be moved, which takes as long as a small softmax."""
    return axis in (-1, ndim - 1)


def softmax_lines(x):
    """p (n, T), and of each line the largest score and the sum of the exponentials beside it, (n,)."""
    p = np.empty(x.shape, x.dtype)
    tops, totals = np.full(len(x), -np.inf, x.dtype), np.zeros(len(x), x.dtype)
    if p.size:
        _normalize[8 * x.size](*contiguous(x), p, tops, totals)
    return p, tops, totals


@register_jitable
def exp_of_rows(scores, first, last, weights, tops):
    """weights = exp(score - top) in the rows from `first` to `last`, and the largest score of each, top."""
    classes, scores_flat = scores.shape[1], scores.reshape(-1)
    for i in range(first, last):
        top = fold_max(scores_flat, i * classes, classes)
        row, here = scores[i], weights[i]
        if classes < SHORT:
            for j in range(classes):
                here[j] = row[j] - top
        else:
            for j in range(classes):
                here[j] = flushed_exp(row[j] - top)
        tops[i] = top
    together = weights.reshape(-1)[first * classes : last * classes]
    for k in range(len(together) if classes < SHORT else 0):
        together[k] = flushed_exp(together[k])


@kernel
def _normalize(x, p, tops, totals):
    size, one = x.shape[1], x.dtype.type(1)
    x_flat, p_flat = x.reshape(-1), p.reshape(-1)
    for i in prange(len(x)):
        scores, here = x[i], p[i]
        top = fold_max(x_flat, i * size, size)
        for j in range(size):
            here[j] = flushed_exp(scores[j] - top)
        total = fold_sum(p_flat, i * size, size)
        scale = one / total
        for j in range(size):
            here[j] = here[j] * scale
        tops[i], totals[i] = top, total
