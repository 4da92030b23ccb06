"""Rows in parallel, each owned by one thread; exp is taken once and kept for the backward, as in the cross-entropy. All
else is numbers of a row, of which the forward keeps three: what a sum is multiplied by, 1 - p, and the slope."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu.n02_losses._softmax import BLOCK, exp_of_rows
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced


def focal_loss_forward(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
    if not gamma >= 0:
        raise ValueError(f"focal_loss_forward: gamma must be at least 0, got {gamma}")
    divisor = divisor_of_the_mean("focal_loss_forward", reduction, y=len(y))
    share = np.ones(len(y), scores.dtype) if alpha is None else alpha[y]
    loss, weights = np.empty(len(y), scores.dtype), np.empty(scores.shape, scores.dtype)
    scale, rest, slope = np.empty((3, len(y)), scores.dtype)
    y = y.astype(np.int64)  # a copy: the backward writes where its labels point, so nobody else may change them
    _forward[8 * scores.size](*contiguous(scores, y, share), float(gamma), loss, weights, scale, rest, slope)
    return reduced(loss, reduction, divisor), (weights, scale, rest, slope, y, divisor)


def focal_loss_backward(dloss, cache):
    weights, scale, rest, slope, y, divisor = cache
    dscores = np.empty_like(weights)
    _backward[weights.size](*contiguous(weights, scale, rest, slope * dloss / divisor, y), dscores)
    return dscores


@kernel
def _forward(scores, y, share, gamma, loss, weights, scale, rest, slope):
    gamma, classes, one, half = scores.dtype.type(gamma), scores.shape[1], scores.dtype.type(1), scores.dtype.type(0.5)
    weights_flat = weights.reshape(-1)
    rows = max(1, BLOCK // classes)
    for block in prange((len(y) + rows - 1) // rows):
        first, last = block * rows, min(len(y), block * rows + rows)
        exp_of_rows(scores, first, last, weights, loss)
        for i in range(first, last):
            start, right = i * classes, y[i]
            before = fold_sum(weights_flat, start, right)
            others = before + fold_sum(weights_flat, start + right + 1, classes - 1 - right)
            total = others + weights[i, right]
            scale[i], rest[i] = one / total, others / total
            logp = math.log1p(-rest[i]) if rest[i] < half else (scores[i, right] - loss[i]) - math.log(total)
            ratio = logp / rest[i] if others > 0 else -one
            modulated = share[i] * rest[i] ** gamma
            slope[i] = modulated * (gamma * (weights[i, right] / total) * ratio - one)
            loss[i] = -modulated * logp


@kernel
def _backward(weights, scale, rest, slope, y, dscores):
    for i in prange(len(y)):
        row, here, factor = weights[i], dscores[i], -slope[i] * scale[i]
        for j in range(len(row)):
            here[j] = row[j] * factor
        here[y[i]] = rest[i] * slope[i]
