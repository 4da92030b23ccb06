"""Rows in parallel, each owned by one thread; exp is taken once and kept for the backward, which divides by its sum.
On the way it is found out whether the targets are distributions."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_max, fold_products, fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel, of_each_row
from nnspec.accelerated.cpu._math import flushed_exp
from nnspec.reference.n02_losses._probabilities import SUM_TO_1, require_distributions
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced


def soft_cross_entropy_forward(scores, t, *, reduction="mean"):
    divisor = divisor_of_the_mean("soft_cross_entropy_forward", reduction, scores=len(scores))
    losses, scales, odd = np.empty(len(t), t.dtype), np.empty(len(t), t.dtype), np.empty(len(t), bool)
    weights = np.empty(scores.shape, scores.dtype)
    _forward[12 * scores.size](*contiguous(scores, t), weights, losses, scales, odd)
    if odd.any():
        require_distributions("soft_cross_entropy_forward", t=t)
    return reduced(losses, reduction, divisor), (weights, scales, t, divisor)


def soft_cross_entropy_backward(dloss, cache):
    weights, scales, t, divisor = cache
    dscores = np.empty(weights.shape, weights.dtype)
    upstream = of_each_row(dloss / divisor, len(t))
    _backward[2 * t.size](*contiguous(weights, scales, t, upstream), dscores)
    return dscores


@kernel
def _forward(scores, t, weights, losses, scales, odd):
    classes, zero, one = scores.shape[1], scores.dtype.type(0), scores.dtype.type(1)
    scores_flat, t_flat, weights_flat = scores.reshape(-1), t.reshape(-1), weights.reshape(-1)
    for i in prange(len(scores)):
        start, row = i * classes, scores[i]
        here, target = weights[i], t[i]
        top, negative = fold_max(scores_flat, start, classes), False
        for j in range(classes):
            here[j] = row[j] - top
            negative |= not target[j] >= zero
        below, share = fold_products(t_flat, start, weights_flat, start, classes), fold_sum(t_flat, start, classes)
        for j in range(classes):
            here[j] = flushed_exp(here[j])
        total = fold_sum(weights_flat, start, classes)
        losses[i], scales[i] = share * math.log(total) - below, one / total
        odd[i] = negative or not abs(share - one) <= SUM_TO_1


@kernel
def _backward(weights, scales, t, upstream, dscores):
    classes, t_flat = t.shape[1], t.reshape(-1)
    for i in prange(len(t)):
        row, target, here = weights[i], t[i], dscores[i]
        factor, slope = fold_sum(t_flat, i * classes, classes) * scales[i], upstream[i]
        for j in range(classes):
            here[j] = (row[j] * factor - target[j]) * slope
