"""Sums along an axis, without a race: each block of it has a partial sum of its own, and these are added in order.

Entries that are neighbours in memory are summed in vectors. Else rows are added to rows, four at a time, so that a sum
is read and written once for four of them. Of short rows as many as fill some vectors are one long row, whose parts are
added at last.
"""

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import flat, kernel

BLOCK, ROWS = 1 << 14, 256  # entries of a block, rows of it at least: fixed, so that bits do not depend on the threads
COLUMNS = 2048  # of a block, at most
LONG = 512  # entries of a row that is made of short ones, at most


def column_sums(x):
    """(N, D) -> (D,)."""
    return middle_sums(x[None])[0]


def middle_sums(x):
    """(outer, n, inner) -> (outer, inner)."""
    outer, n, inner = x.shape
    size = BLOCK if inner == 1 else max(ROWS, BLOCK // max(1, inner))
    count = max(1, (n + size - 1) // size)
    partial = np.zeros((outer, count, inner), x.dtype)
    if x.size and inner == 1:
        _sum_lines[x.size](*flat(x), n, size, partial.reshape(-1))
    elif x.size:
        _sum_rows[x.size](*flat(x), n, size, partial.reshape(outer * count, inner))
    return partial[:, 0] if count == 1 else partial.sum(axis=1)


@kernel
def _sum_lines(x, n, size, partial):
    count = (n + size - 1) // size
    for block in prange(len(partial)):
        line = block // count
        start = (block - line * count) * size
        partial[block] = fold_sum(x, line * n + start, min(size, n - start))


@kernel
def _sum_rows(x, n, size, partial):
    inner = partial.shape[1]
    count, across, together = (n + size - 1) // size, (inner + COLUMNS - 1) // COLUMNS, max(1, LONG // inner)
    sums = np.empty(together * min(inner, COLUMNS), x.dtype)
    for task in prange(len(partial) * across):
        block, left = task // across, task % across * COLUMNS
        line, start = block // count, block % count * size
        here = partial[block, left : left + COLUMNS]
        _add_rows(x, (line * n + start) * inner + left, min(size, n - start), inner, together, sums, here)


@register_jitable
def _add_rows(x, at, rows, inner, together, sums, out):
    """The sums of columns of that many rows, from one place on. sums: room for `together` rows."""
    columns, step = len(out), together * inner
    width = together * columns
    sums[:width] = 0
    while rows >= 4 * together:
        first, second = x[at : at + width], x[at + step : at + step + width]
        third, fourth = x[at + 2 * step : at + 2 * step + width], x[at + 3 * step : at + 3 * step + width]
        for i in range(width):
            sums[i] += (first[i] + second[i]) + (third[i] + fourth[i])
        at, rows = at + 4 * step, rows - 4 * together
    while rows > 0:
        row = x[at : at + min(rows, together) * columns]
        for i in range(len(row)):
            sums[i] += row[i]
        at, rows = at + step, rows - together
    for start in range(0, width, columns):
        part = sums[start : start + columns]
        for i in range(columns):
            out[i] += part[i]
