"""Blocks of columns in parallel: all three passes go through a block row by row, so that neighbours are vectors. Rows
are columns of the transpose."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel

BLOCK = 256  # columns


def max_norm_project(w, c, *, axis=0):
    if not c > 0:
        raise ValueError(f"max_norm_project: c must be above 0, got {c}")
    if axis == 1:
        return np.ascontiguousarray(max_norm_project(w.T, c).T)
    out, (tops, factors) = np.empty(w.shape, w.dtype), np.zeros((2, w.shape[1]), w.dtype)
    _project[8 * w.size](*contiguous(w), float(c), tops, factors, out)
    return out


@kernel
def _project(w, c, tops, factors, out):
    c, zero, one, columns = w.dtype.type(c), w.dtype.type(0), w.dtype.type(1), w.shape[1]
    for block in prange((columns + BLOCK - 1) // BLOCK):
        first, last = block * BLOCK, min(columns, block * BLOCK + BLOCK)
        top, factor = tops[first:last], factors[first:last]
        for i in range(len(w)):
            row = w[i, first:last]
            for j in range(len(row)):
                top[j] = max(top[j], abs(row[j]))
        for i in range(len(w)):
            row = w[i, first:last]
            for j in range(len(row)):
                ratio = row[j] / (top[j] if top[j] > zero else one)
                factor[j] += ratio * ratio
        for j in range(last - first):
            norm = top[j] * math.sqrt(factor[j])
            factor[j] = one if norm <= c else c / norm
        for i in range(len(w)):
            row, here = w[i, first:last], out[i, first:last]
            for j in range(len(row)):
                here[j] = row[j] * factor[j]
