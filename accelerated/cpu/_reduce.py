"""Sums and maxima over axes. Axes that lie beside each other go together, so that x is (outer, n, inner): what is
summed lies in the middle, and no copy is made. Of axes that lie apart, sums are taken one after the other, the last
ones first, and what is left is smaller each time; for a maximum they are brought behind the others.
"""

from functools import lru_cache
from math import prod

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_below, fold_max
from nnspec.accelerated.cpu._jit import contiguous, flat, kernel
from nnspec.accelerated.cpu._sums import middle_sums
from nnspec.reference.n05_backpropagation._axes import kept, reduced

LINE = 1 << 14  # entries of a line that one thread fills
PIECE = 64  # entries of a line whose maximum is found in vectors, before it is known which entry that is
COLUMNS = 512  # of a block of maxima


def summed(x, axes):
    """Without these axes. A copy, if there are none."""
    if not axes:
        return x.copy(order="C")
    stages, shape = _plan(x.shape, axes)
    for sizes in reversed(stages):
        x = middle_sums(x.reshape(sizes))
    return x.reshape(shape)


def spread(dout, shape, axes, scale=1.0):
    """Over these axes of x, of that shape, what each of its sums gets, times the scale. A copy, if there are none."""
    if not axes:
        return dout.copy(order="C").reshape(shape)
    dx = dout
    for outer, n, inner in _plan(shape, axes)[0]:
        parts, dx = np.ascontiguousarray(dx).reshape(outer, inner), np.empty((outer * n, inner), dout.dtype)
        if inner == 1:
            _spread_lines[dx.size](*flat(parts), n, float(scale), dx.reshape(-1))
        else:
            _spread_rows[dx.size](*contiguous(parts), n, float(scale), dx)
        scale = 1.0
    return dx.reshape(shape)


@lru_cache(maxsize=1 << 10)
def _plan(shape, axes):
    """(outer, n, inner) of each group of axes that lie beside each other, those behind it being summed already; and the
    shape without all of them. Kept, because it takes as long as a small sum."""
    left = kept(shape, axes)
    starts, ends = [a for a in axes if a - 1 not in axes], [a + 1 for a in axes if a + 1 not in axes]
    stages = [(prod(shape[:a]), prod(shape[a:b]), prod(left[b:])) for a, b in zip(starts, ends, strict=True)]
    return stages, reduced(shape, axes)


def middle(x, axes):
    """x as (outer, n, inner), with all reduced axes in the middle."""
    if _apart(axes):
        x = np.moveaxis(x, axes, range(-len(axes), 0))
        return x.reshape(prod(x.shape[: -len(axes)]), prod(x.shape[-len(axes) :]), 1)
    first, last = (axes[0], axes[-1] + 1) if axes else (x.ndim, x.ndim)
    return x.reshape(prod(x.shape[:first]), prod(x.shape[first:last]), prod(x.shape[last:]))


def back(dx, shape, axes):
    """(outer, n, inner) as it stood in x."""
    if not _apart(axes):
        return dx.reshape(shape)
    moved = dx.reshape(reduced(shape, axes) + tuple(shape[a] for a in axes))
    return np.ascontiguousarray(np.moveaxis(moved, range(-len(axes), 0), axes))


def _apart(axes):
    return bool(axes) and axes[-1] - axes[0] + 1 != len(axes)


def largest(x):
    """(outer, n, inner) -> the first maximum of each line, and where it is, (outer, inner). NaN is the largest."""
    outer, n, inner = x.shape
    out, winner = np.empty((outer, inner), x.dtype), np.empty((outer, inner), np.int64)
    if inner == 1:
        _find_largest_of_lines[x.size](*flat(x), n, out.reshape(-1), winner.reshape(-1))
    elif out.size:
        blocks = (inner + COLUMNS - 1) // COLUMNS
        _find_largest[x.size](*contiguous(x), blocks, out, winner)
    return out, winner


def routed(dout, winner, n):
    """(outer, inner) -> (outer, n, inner), 0 but for the winners."""
    dx = np.zeros((dout.shape[0], n, dout.shape[1]), dout.dtype)
    np.put_along_axis(dx, winner[:, None], dout[:, None], axis=1)
    return dx


@kernel
def _spread_lines(parts, n, scale, dx):
    factor, count = parts.dtype.type(scale), (n + LINE - 1) // LINE
    for block in prange(len(parts) * count):
        line = block // count
        start = (block - line * count) * LINE
        here, part = dx[line * n + start : line * n + min(n, start + LINE)], factor * parts[line]
        for i in range(len(here)):
            here[i] = part


@kernel
def _spread_rows(parts, n, scale, dx):
    factor = parts.dtype.type(scale)
    for i in prange(len(dx)):
        here, part = dx[i], parts[i // n]
        for j in range(len(here)):
            here[j] = factor * part[j]


@kernel
def _find_largest_of_lines(x, n, out, winner):
    for line in prange(len(out)):
        start, end = line * n, (line + 1) * n
        at, largest = start, fold_max(x, start, min(n, PIECE))
        for piece in range(start + PIECE, end, PIECE):
            here = fold_max(x, piece, min(end - piece, PIECE))
            if here > largest:
                at, largest = piece, here
        if fold_below(x, start, n, -np.inf) > 0:  # nothing is, but NaN counts, too
            at = start
            while x[at] == x[at]:
                at += 1
        else:
            while x[at] != largest:
                at += 1
        out[line], winner[line] = x[at], at - start


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
