"""Blocks of columns in parallel: all three passes go through a block row by row, so that neighbours are vectors. A row
has its sizes and ratios, for as long as they are needed, where its output is to stand."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_max, fold_squares
from nnspec.accelerated.cpu._jit import contiguous, kernel

BLOCK = 256  # columns


def max_norm_project(w, c, *, axis=0):
    if not c > 0:
        raise ValueError(f"max_norm_project: c must be above 0, got {c}")
    out = np.empty(w.shape, w.dtype)
    if axis == 1:
        _project_rows[8 * w.size](*contiguous(w), float(c), out)
        return out
    tops, factors = np.zeros((2, w.shape[1]), w.dtype)
    _project_columns[8 * w.size](*contiguous(w), float(c), tops, factors, out)
    return out


@kernel
def _project_rows(w, c, out):
    c, zero, one, size, flat = w.dtype.type(c), w.dtype.type(0), w.dtype.type(1), w.shape[1], out.reshape(-1)
    for i in prange(len(w)):
        row, here = w[i], out[i]
        for j in range(size):
            here[j] = abs(row[j])
        top = max(zero, fold_max(flat, i * size, size))
        unit = top if top > zero else one
        for j in range(size):
            here[j] = row[j] / unit
        norm = top * math.sqrt(fold_squares(flat, i * size, size, zero))
        factor = one if norm <= c else c / norm
        for j in range(size):
            here[j] = row[j] * factor


@kernel
def _project_columns(w, c, tops, factors, out):
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
