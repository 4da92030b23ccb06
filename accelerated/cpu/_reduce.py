"""Sums and maxima over axes. Axes that lie beside each other go together, so that x is (outer, n, inner): what is
summed lies in the middle, and no copy is made. Axes that lie apart are brought behind the others first.

A sum has two stages: blocks, each owned by one thread, and the sum of their sums in order. With inner = 1 a block is a
line in memory, summed in vectors; else a thread adds row after row.
"""

from math import prod

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import contiguous, flat, kernel
from nnspec.reference.n05_backpropagation._axes import reduced

LINE, ROWS = 1 << 14, 256  # entries along the middle that make a block, with inner = 1 and without
COLUMNS = 512  # of a block of maxima


def middle(x, axes):
    """x as (outer, n, inner), with all reduced axes in the middle."""
    if _apart(axes):
        x = np.moveaxis(x, axes, range(-len(axes), 0))
        return x.reshape(prod(x.shape[: -len(axes)]), prod(x.shape[-len(axes) :]), 1)
    return x.reshape(middle_shape(x.shape, axes))


def middle_shape(shape, axes):
    if _apart(axes):
        return prod(reduced(shape, axes)), prod(shape[a] for a in axes), 1
    first, last = (axes[0], axes[-1] + 1) if axes else (len(shape), len(shape))
    return prod(shape[:first]), prod(shape[first:last]), prod(shape[last:])


def back(dx, shape, axes):
    """(outer, n, inner) as it stood in x."""
    if not _apart(axes):
        return dx.reshape(shape)
    moved = dx.reshape(reduced(shape, axes) + tuple(shape[a] for a in axes))
    return np.ascontiguousarray(np.moveaxis(moved, range(-len(axes), 0), axes))


def _apart(axes):
    return bool(axes) and axes[-1] - axes[0] + 1 != len(axes)


def summed(x):
    """(outer, n, inner) -> (outer, inner)."""
    outer, n, inner = x.shape
    size = LINE if inner == 1 else ROWS
    count = max(1, (n + size - 1) // size)
    partial = np.zeros((outer, count, inner), x.dtype)
    if x.size:
        _sum_blocks[x.size](*flat(x), n, inner, size, count, partial.reshape(outer * count, inner))
    return partial[:, 0] if count == 1 else partial.sum(axis=1)


def spread(dout, n, scale):
    """(outer, inner) -> (outer, n, inner), times the scale."""
    dx = np.empty((dout.shape[0], n, dout.shape[1]), dout.dtype)
    _spread[dx.size](*contiguous(dout), float(scale), dx)
    return dx


def largest(x):
    """(outer, n, inner) -> the first maximum of each line, and where it is, (outer, inner). NaN is the largest."""
    outer, n, inner = x.shape
    out, winner = np.empty((outer, inner), x.dtype), np.empty((outer, inner), np.int64)
    if out.size:
        blocks = (inner + COLUMNS - 1) // COLUMNS
        _find_largest[x.size](*contiguous(x), blocks, out, winner)
    return out, winner


def routed(dout, winner, n):
    """(outer, inner) -> (outer, n, inner), 0 but for the winners."""
    dx = np.zeros((dout.shape[0], n, dout.shape[1]), dout.dtype)
    np.put_along_axis(dx, winner[:, None], dout[:, None], axis=1)
    return dx


@kernel
def _sum_blocks(x, n, inner, size, count, partial):
    for block in prange(len(partial)):
        start, stop = block % count * size, min(n, (block % count + 1) * size)
        first = (block // count * n + start) * inner
        here = partial[block]
        if inner == 1:
            here[0] = fold_sum(x, first, stop - start)
        else:
            for j in range(stop - start):
                row = x[first + j * inner : first + (j + 1) * inner]
                for i in range(inner):
                    here[i] += row[i]


@kernel
def _spread(dout, scale, dx):
    factor = dout.dtype.type(scale)
    _, n, inner = dx.shape
    for o in prange(len(dx)):
        for j in range(n):
            for i in range(inner):
                dx[o, j, i] = factor * dout[o, i]


@kernel
def _find_largest(x, blocks, out, winner):
    _, n, inner = x.shape
    for block in prange(len(x) * blocks):
        o, first = block // blocks, block % blocks * COLUMNS
        size = min(COLUMNS, inner - first)
        best, at = out[o, first : first + size], winner[o, first : first + size]
        for i in range(size):
            best[i], at[i] = x[o, 0, first + i], 0
        for j in range(1, n):
            row = x[o, j, first : first + size]
            for i in range(size):
                if row[i] > best[i] or (row[i] != row[i] and best[i] == best[i]):
                    best[i], at[i] = row[i], j
