"""Rows in parallel. They are sorted only where something is left out, since the likeliest tokens are then a row's
beginning; what is kept is written back to its places in the same pass."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_max, fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import exp


def sampling_distribution(scores, *, temperature=1.0, top_k=None, top_p=None):
    if not 0 <= temperature < math.inf:
        raise ValueError(f"sampling_distribution: temperature must be 0 or more, got {temperature}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"sampling_distribution: top_p must be above 0 and at most 1, got {top_p}")
    if temperature == 0:
        temperature, top_k = 1.0, 1
    out, order = np.empty(scores.shape, scores.dtype), np.empty((len(scores), 0), np.int64)
    nucleus = 2.0 if top_p in (None, 1) else float(top_p)  # which no sum reaches
    if top_k is not None or nucleus < 1:
        order = np.argsort(-scores, axis=1, kind="stable")
        scores = np.take_along_axis(scores, order, axis=1)
    kept = scores.shape[1] if top_k is None else top_k
    _distribute[8 * scores.size](*contiguous(scores, order), kept, float(temperature), nucleus, out)
    return out


@kernel
def _distribute(scores, order, kept, temperature, nucleus, out):
    n, V = scores.shape
    zero, temperature, nucleus = scores.dtype.type(0), scores.dtype.type(temperature), scores.dtype.type(nucleus)
    for i in prange(n):
        row, weights = scores[i], np.zeros(V, scores.dtype)
        top = fold_max(row, 0, V)
        for j in range(kept):
            weights[j] = exp((row[j] - top) / temperature)
        total, last = fold_sum(weights, 0, V), kept
        if nucleus <= 1:
            before, last = zero, 0
            while last < kept and before < nucleus:
                before += weights[last] / total
                last += 1
            weights[last:] = 0
            total = fold_sum(weights, 0, V)
        here = out[i]
        if order.shape[1] == 0:
            for j in range(V):
                here[j] = weights[j] / total
        else:
            for j in range(V):
                here[order[i, j]] = weights[j] / total
