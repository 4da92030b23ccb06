"""C = A "times" B on the register tile, where "times" is a dot product or a distance.

Goto and van de Geijn 2008: B is packed once, in panels of a tile's width; each task packs a block of rows of A that
stays in the second-level cache and runs the tile along the panels. Depth is cut into blocks, so that the part of a
panel in use stays in the first-level cache. A task owns its rows of C, so nothing races, and the sum of an entry has
one order for every number of threads.
"""

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu import _tile
from nnspec.accelerated.cpu._jit import contiguous, kernel

DEPTH = 256  # of one block: a panel of B is then 32 KiB
ROWS = _tile.ROWS
LONGEST_BLOCK = 8 * ROWS  # rows of A that are packed together
TILE_SPEED = 16  # multiply-adds of the tile in the time of a unit of work: two threads break even at about 600,000
TASKS = 8  # at least, if there are enough rows: a number that has nothing to do with the threads, so that bits do not


DOT, L1, L2 = range(3)


def product(a, b, how=DOT, bias=None):
    """A (M, K) with B (K, N), plus a bias for each column. A transposed view is as good as its array."""
    (m, k), n = a.shape, b.shape[1]
    out = np.empty((m, n), a.dtype)
    if k == 0:
        out[...] = 0 if bias is None else bias
    elif out.size:
        (bias,) = contiguous(out[:0, 0] if bias is None else bias)
        _multiply[m * n * k // TILE_SPEED](how, *_strided(a), *_strided(b), bias, out.reshape(-1), m, n, k)
    return out


def _strided(array):
    """A vector and the steps of rows and columns in it, without a copy if the array or its transpose is contiguous."""
    if array.flags.c_contiguous or not array.flags.f_contiguous:
        (whole,) = contiguous(array)
        return whole.reshape(-1), array.shape[1], 1
    (whole,) = contiguous(array.T)
    return whole.reshape(-1), 1, array.shape[0]


@kernel
def _multiply(how, a, a_row, a_column, b, b_row, b_column, bias, c, m, n, k):
    width = _tile.columns(a.itemsize)
    panels, depths = (n + width - 1) // width, (k + DEPTH - 1) // DEPTH
    packed_b = np.empty(panels * k * width, a.dtype)
    for p in prange(panels):
        _pack_columns(b, b_row, b_column, p * width, n, k, width, packed_b[p * k * width : (p + 1) * k * width])
    rows = min(LONGEST_BLOCK, (m // TASKS // ROWS + 1) * ROWS)
    for block in prange((m + rows - 1) // rows):
        first, last = block * rows, min(m, block * rows + rows)
        strips = (last - first + ROWS - 1) // ROWS
        packed_a = np.empty(strips * ROWS * DEPTH, a.dtype)
        edge = np.empty(ROWS * width, a.dtype)
        if bias.size:
            for row in range(first, last):
                for column in range(n):
                    c[row * n + column] = bias[column]
        for d in range(depths):
            start, depth = d * DEPTH, min(DEPTH, k - d * DEPTH)
            add = d > 0 or bias.size > 0
            for s in range(strips):
                _pack_rows(a, a_row, a_column, first + s * ROWS, m, start, depth, packed_a[s * DEPTH * ROWS :])
            for p in range(panels):
                b_at = (p * k + start) * width
                for s in range(strips):
                    row, column = first + s * ROWS, p * width
                    if row + ROWS <= m and column + width <= n:
                        _run_tile(how, depth, packed_a, s * DEPTH * ROWS, packed_b, b_at, c, row * n + column, n, add)
                    else:
                        _run_tile(how, depth, packed_a, s * DEPTH * ROWS, packed_b, b_at, edge, 0, width, False)
                        _copy_edge(edge, width, c, row, column, m, n, add)


@register_jitable
def pack_panels(b, b_row, b_column, n, k, packed):
    """B (k, n) in panels of a tile's width, each of k rows; 0 beyond the last column. `panels_size` numbers."""
    width = _tile.columns(b.itemsize)
    for p in range((n + width - 1) // width):
        _pack_columns(b, b_row, b_column, p * width, n, k, width, packed[p * k * width : (p + 1) * k * width])


@register_jitable
def panels_size(n, k, itemsize):
    width = _tile.columns(itemsize)
    return (n + width - 1) // width * width * k


@register_jitable
def multiply_panels(m, n, k, a, a_at, a_row, a_step, b, b_at, b_depth, c, c_at, c_stride, add, edge):
    """C (m, n) (+)= A (m, k) B, by one thread: for small factors, or those that another product has just left behind.

    A is read where it stands, up to a multiple of ROWS rows; B in panels of b_depth rows, k of them from b_at on.
    edge: room for one tile.
    """
    width = _tile.columns(c.itemsize)
    if k == 0 and not add:
        for i in range(m):
            c[c_at + i * c_stride : c_at + i * c_stride + n] = 0
    if k == 0:
        return
    for p in range((n + width - 1) // width):
        for i in range(0, m, ROWS):
            _tile.dot_within(
                k, a, a_at + i * a_row, a_row, a_step, b, b_at + p * b_depth * width,
                c, c_at + i * c_stride + p * width, c_stride, add, m - i, n - p * width, edge,
            )  # fmt: skip


@register_jitable
def _run_tile(how, depth, a, a_at, b, b_at, c, c_at, c_stride, add):
    if how == DOT:
        _tile.dot(depth, a, a_at, 1, ROWS, b, b_at, c, c_at, c_stride, add)
    elif how == L1:
        _tile.l1(depth, a, a_at, 1, ROWS, b, b_at, c, c_at, c_stride, add)
    else:
        _tile.l2(depth, a, a_at, 1, ROWS, b, b_at, c, c_at, c_stride, add)


@register_jitable
def _pack_columns(b, b_row, b_column, first, n, k, width, packed):
    """`width` columns of B from `first` on, row after row; 0 beyond the last column."""
    here = min(width, n - first)
    if b_column == 1 and here == width:  # spelled out, so that it becomes a wide copy
        for kk in range(k):
            for j in range(width):
                packed[kk * width + j] = b[kk * b_row + first + j]
        return
    for j in range(here):
        for kk in range(k):
            packed[kk * width + j] = b[kk * b_row + (first + j) * b_column]
    for j in range(here, width):
        for kk in range(k):
            packed[kk * width + j] = 0


@register_jitable
def _pack_rows(a, a_row, a_column, first, m, start, depth, packed):
    """ROWS rows of A from `first` on, over one block of the depth, column after column; 0 beyond the last row."""
    here = min(ROWS, m - first)
    if a_row == 1 and here == ROWS:
        for kk in range(depth):
            for i in range(ROWS):
                packed[kk * ROWS + i] = a[first + i + (start + kk) * a_column]
        return
    for i in range(here):
        for kk in range(depth):
            packed[kk * ROWS + i] = a[(first + i) * a_row + (start + kk) * a_column]
    for i in range(here, ROWS):
        for kk in range(depth):
            packed[kk * ROWS + i] = 0


@register_jitable
def _copy_edge(edge, width, c, row, column, m, n, add):
    """The part of a tile that lies inside of C."""
    for i in range(min(ROWS, m - row)):
        for j in range(min(width, n - column)):
            at = (row + i) * n + column + j
            c[at] = c[at] + edge[i * width + j] if add else edge[i * width + j]
