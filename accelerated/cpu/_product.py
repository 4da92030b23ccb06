"""C = A "times" B on the register tile, where "times" is a dot product or a distance.

Goto and van de Geijn 2008, with tasks that need nothing from each other. Each owns a block of C and packs its own
panels of B, as wide as a tile and a block of the depth deep, into the second-level cache; every strip of A, copied to
the first-level cache, is run along them. To pack again what another task has packed costs less than to wait for it.
The sum of an entry has one order, block after block of the depth: bits depend neither on threads nor on tasks.
"""

import numba
import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu import _tile
from nnspec.accelerated.cpu._fold import fold_products
from nnspec.accelerated.cpu._jit import PARALLEL_FROM, flat, kernel
from nnspec.accelerated.cpu._narrow import DEEP, MOST, narrow_product

DEPTH = 384  # of one block, at most: a strip of A, of 19 KiB, stays in the first-level cache
ROWS, SHORT_ROWS = _tile.ROWS, _tile.SHORT_ROWS  # of a strip of A: with some short ones few rows are left over
NEAR = 1 << 18  # bytes from the first to the last column of A that is read where it stands: more are too many pages
PIECE = 1 << 12  # entries of a dot product that are added up together, however many threads there are
PANELS = 16  # of B that a task packs together, at most: 768 KiB, or 384 of narrow vectors, of the second-level cache
APART = DEPTH + 16  # from row to row of a strip: no power of two
FEWEST_ROWS = 8 * ROWS  # of a task, if there are so many: fewer would not pay for packing B
TILE_SPEED = 16  # multiply-adds of the tile in the time of a unit of work: two threads break even at about 600,000
# Multiply-adds that NumPy has done before a kernel is called. BLAS takes one thread for so many: with several, bits
# would depend on their number.
SMALL = 1 << 18
SMALL_VECTOR = 9000  # with a vector
FEW = 12  # columns, of which the other factor, by columns, is rather taken as rows
TASKS = 2  # a thread; an entry is summed in one order however rows and columns are shared out

DOT, L1, L2 = range(3)


def product(a, b, how=DOT, bias=None):
    """A (M, K) with B (K, N), plus a bias for each column. A transposed view is as good as its array."""
    (m, k), n = a.shape, b.shape[1]
    few = SMALL if min(m, n) > 1 else SMALL_VECTOR
    if how == DOT and 0 < m * n * k <= few and a.flags.forc and b.flags.forc and a.dtype == b.dtype:
        out = np.dot(a, b)
        return out if bias is None else np.add(out, bias, out)
    if n <= FEW < m and bias is None and a.flags.f_contiguous and not a.flags.c_contiguous:
        return np.ascontiguousarray(product(b.T, a.T, how).T)  # few columns fill the lanes of no tile, but its rows
    out = np.empty((m, n), a.dtype)
    if k == 0:
        out[...] = 0 if bias is None else bias
    elif out.size:
        work, bias = m * n * k // TILE_SPEED, out[:0, 0] if bias is None else bias
        if how == DOT and m == n == 1 and k >= DEEP and bias.size == 0:
            return _dot_product(a, b)
        if how == DOT and n <= MOST and k >= DEEP and a.flags.c_contiguous:
            return narrow_product(a, *_steps(b), bias, n, work)
        threads = 1 if work < PARALLEL_FROM else numba.get_num_threads()
        tasks = 1 if threads == 1 else TASKS * threads
        _multiply[work](how, *_steps(a), *_steps(b), *flat(bias), out.reshape(-1), m, n, k, tasks)
    return out


def _dot_product(a, b):
    sums = np.empty((a.size + PIECE - 1) // PIECE, a.dtype)
    _dot[a.size](*flat(a, b), sums)
    return sums.sum().reshape(1, 1)


@kernel
def _dot(a, b, sums):
    for piece in prange(len(sums)):
        start = piece * PIECE
        sums[piece] = fold_products(a, start, b, start, min(PIECE, len(a) - start))


def _steps(array):
    """A vector and the steps of rows and columns in it, without a copy if the array or its transpose is contiguous."""
    flags, (rows, columns) = array.flags, array.shape
    if flags.f_contiguous and not flags.c_contiguous:
        return *flat(array.T), 1, rows
    return *flat(array), columns, 1


@kernel
def _multiply(how, a, a_row, a_column, b, b_row, b_column, bias, c, m, n, k, tasks):
    width = _tile.columns(a.itemsize)
    rows, wide = _block(m, (n + width - 1) // width, width, tasks)
    across = (n + wide * width - 1) // (wide * width)
    longest = even_share(k, DEPTH)
    for task in prange((m + rows - 1) // rows * across):
        top, left = task // across * rows, task % across * wide * width
        bottom, right = min(m, top + rows), min(n, left + wide * width)
        packed, strip = _tile.whole_lines(wide * width * (longest + 1), a), np.zeros(ROWS * APART, a.dtype)
        for start in range(0, k, longest):
            depth, add = min(longest, k - start), start > 0
            biased = start + depth == k and bias.size > 0  # then the bias is one more row of B, which meets a 1 in A
            deep = depth + biased
            _pack_block(b, start * b_row, b_row, b_column, left, right, depth, bias, biased, packed)
            near = how == DOT and a_row == 1 and bias.size == 0 and depth * a_column * a.itemsize <= NEAR
            tall = ROWS if how == DOT else _tile.DISTANCE_ROWS
            strips = (bottom - top + tall - 1) // tall
            short = min(strips, (top - bottom) % ROWS // (ROWS - SHORT_ROWS)) if how == DOT else 0
            i = top
            for s in range(strips):
                high = tall if s < strips - short else SHORT_ROWS
                here, at = min(high, bottom - i), i * n + left
                whole, is_long = (right - left) // width if here == high else 0, high == ROWS
                if near and whole * width == right - left:
                    _run_columns(deep, a, i + start * a_column, a_column, packed, whole, c, at, n, add, is_long)
                    i += high
                    continue
                pack_rows(a, i * a_row + start * a_column, a_row, a_column, here, depth, strip)
                for row in range(ROWS if biased else 0):
                    strip[row * APART + depth if a_column == 1 else depth * ROWS + row] = 1
                if how != DOT:
                    _run_distances(how, deep, strip, a_column == 1, packed, whole, c, at, n, add)
                elif a_column == 1:
                    _run_rows(deep, strip, packed, whole, c, at, n, add, is_long)
                else:
                    _run_columns(deep, strip, 0, ROWS, packed, whole, c, at, n, add, is_long)
                _run_parts(how, deep, strip, a_column == 1, packed, whole * width, right - left, c, at, n, add, here)
                i += high


@register_jitable
def _run_rows(depth, strip, packed, panels, c, c_at, c_row, add, is_long):
    """A strip along whole panels. A function, because numba counts references of an array that gets another name, which
    between two tiles costs a fifth of the time; and each tile knows from the call where the next row of A is."""
    width = _tile.width_of(c)
    for p in range(panels):
        if is_long:
            _tile.dot(depth, strip, 0, APART, 1, packed, p * width * depth, c, c_at + p * width, c_row, add)
        else:
            _tile.dot_short(depth, strip, 0, APART, 1, packed, p * width * depth, c, c_at + p * width, c_row, add)


@register_jitable
def _run_columns(depth, a, a_at, a_step, packed, panels, c, c_at, c_row, add, is_long):
    """The same where a column of A is neighbours in memory."""
    width = _tile.width_of(c)
    for p in range(panels):
        if is_long:
            _tile.dot(depth, a, a_at, 1, a_step, packed, p * width * depth, c, c_at + p * width, c_row, add)
        else:
            _tile.dot_short(depth, a, a_at, 1, a_step, packed, p * width * depth, c, c_at + p * width, c_row, add)


@register_jitable
def _run_distances(how, depth, strip, by_rows, packed, panels, c, c_at, c_row, add):
    width = _tile.width_of(c)
    row, step = _strides(by_rows)
    for p in range(panels):
        at, to = p * width * depth, c_at + p * width
        if how == L1:
            _tile.l1(depth, strip, 0, row, step, packed, at, c, to, c_row, add)
        else:
            _tile.l2(depth, strip, 0, row, step, packed, at, c, to, c_row, add)


@register_jitable
def _run_parts(how, depth, strip, by_rows, packed, first, end, c, c_at, c_row, add, here):
    """Vector after vector of columns, of which C has only some, or of rows."""
    width = _tile.width_of(c)
    row, step = _strides(by_rows)
    for j in range(first, end, width // _tile.VECTORS):
        at, to = j // width * depth * width + j % width, c_at + j
        if how == DOT:
            _tile.dot_part(depth, strip, 0, row, step, packed, at, c, to, c_row, add, here, end - j)
        elif how == L1:
            _tile.l1_part(depth, strip, 0, row, step, packed, at, c, to, c_row, add, here, end - j)
        else:
            _tile.l2_part(depth, strip, 0, row, step, packed, at, c, to, c_row, add, here, end - j)


@register_jitable
def _strides(by_rows):
    """From row to row of a strip, and from column to column."""
    return (APART, 1) if by_rows else (1, ROWS)


@register_jitable
def _block(m, panels, width, tasks):
    """Rows of A and panels of B of a task: as many tasks as there are to be, in the way that copies least.

    A task copies its rows of A and its panels of B, so A is copied once for each task across, B for each one down.
    """
    across, down, most, least = 0, 0, 0, 0
    fewest = (panels + PANELS - 1) // PANELS
    for wide in range(fewest, max(fewest, min(panels, tasks)) + 1):  # beyond, there are no more tasks, only more copies
        high = max(1, min(m // FEWEST_ROWS, (tasks + wide - 1) // wide))
        count, copied = min(tasks, wide * high), wide * m + high * panels * width
        if across == 0 or count > most or (count == most and copied < least):
            across, down, most, least = wide, high, count, copied
    return ((m + down - 1) // down + ROWS - 1) // ROWS * ROWS, (panels + across - 1) // across


@register_jitable
def even_share(total, most):
    """The size of equal parts of which none is above `most`."""
    parts = max(1, (total + most - 1) // most)
    return max(1, (total + parts - 1) // parts)


@register_jitable
def pack_panels(b, b_at, b_row, b_column, n, k, packed):
    """B (k, n), which begins at b_at, in panels of a tile's width, each of k rows; 0 beyond the last column.

    `panels_size` numbers.
    """
    _pack(b, b_at, b_row, b_column, n, k, k, packed)


@register_jitable
def panels_size(n, k, itemsize):
    width = _tile.columns(itemsize)
    return (n + width - 1) // width * width * k


@register_jitable
def multiply_panels(m, n, k, a, a_at, a_row, a_step, b, b_at, b_depth, c, c_at, c_stride, add):
    """C (m, n) (+)= A (m, k) B, by one thread: for small factors, or those that another product has just left behind.

    A is read where it stands, up to a multiple of ROWS rows; B in panels of b_depth rows, k of them from b_at on.
    """
    width = _tile.width_of(c)
    lanes = width // _tile.VECTORS
    if k == 0 and not add:
        for i in range(m):
            c[c_at + i * c_stride : c_at + i * c_stride + n] = 0
    if k == 0:
        return
    for p in range((n + width - 1) // width):
        panel, wide, to = b_at + p * b_depth * width, n - p * width, c_at + p * width
        whole = m // ROWS * ROWS if wide >= width else 0
        for i in range(0, whole, ROWS):
            _tile.dot(k, a, a_at + i * a_row, a_row, a_step, b, panel, c, to + i * c_stride, c_stride, add)
        for i in range(whole, m, ROWS):
            row, here = a_at + i * a_row, to + i * c_stride
            for j in range(0, min(wide, width), lanes):
                _tile.dot_part(k, a, row, a_row, a_step, b, panel + j, c, here + j, c_stride, add, m - i, wide - j)


@register_jitable
def _pack_block(b, b_at, b_row, b_column, left, right, depth, bias, biased, packed):
    """The panels of columns from `left` on, with the bias as one more row, if there is to be one."""
    width = _tile.columns(b.itemsize)
    deep = depth + biased
    _pack(b, b_at + left * b_column, b_row, b_column, right - left, depth, deep, packed)
    for j in range(left, right if biased else left, width):
        end = (j - left + width) * deep
        copy(bias[j : min(j + width, right)], packed[end - width : end])


@register_jitable
def _pack(b, b_at, b_row, b_column, n, k, deep, packed):
    """Panels of `deep` rows, of which B gives the first k. Where columns are neighbours in memory it is read row after
    row, as far as it goes: rows are pages apart."""
    width = _tile.columns(b.itemsize)
    whole = n // width if b_column == 1 else 0
    for row in range(k):
        for p in range(whole):
            _tile.copy_whole_row(b, b_at + row * b_row + p * width, packed, (p * deep + row) * width)
    for j in range(whole * width, n, width):
        _pack_columns(b, b_at, b_row, b_column, j, n, k, width, packed, j * deep)


@register_jitable
def _pack_columns(b, b_at, b_row, b_column, first, n, depth, width, packed, at):
    """`width` columns of B from `first` on, row after row; 0 beyond the last column."""
    here, lanes = min(width, n - first), width // _tile.VECTORS
    b_at += first * b_column
    if b_column == 1:
        for k in range(depth):
            _tile.fill_row(b, b_at + k * b_row, packed, at + k * width, here)
        return
    if here < width:
        packed[at : at + depth * width] = 0
    turned = here // lanes * lanes if b_row == 1 else 0  # transposed in registers, as far as squares go
    squares = depth // lanes * lanes
    for j in range(0, turned, lanes):
        for k in range(0, squares, lanes):
            _tile.transpose(b, b_at + j * b_column + k, b_column, packed, at + k * width + j, width)
    for j in range(here):
        for k in range(squares if j < turned else 0, depth):
            packed[at + k * width + j] = b[b_at + k * b_row + j * b_column]


@register_jitable
def pack_rows(a, a_at, a_row, a_column, here, depth, strip):
    """Rows of A: APART from each other where they are rows in memory, else column after column."""
    if a_column == 1:
        for i in range(here):
            _tile.copy_exactly(a, a_at + i * a_row, strip, i * APART, depth)
    elif here == ROWS:
        for k in range(depth):
            _tile.copy_column(a, a_at + k * a_column, strip, k * ROWS)
    else:
        for k in range(depth):
            _tile.fill_row(a, a_at + k * a_column, strip, k * ROWS, here)


@register_jitable
def copy(source, target):
    """Slices, because the compiler knows of an index from 0 on that it is not negative, and copies vectors."""
    for i in range(len(source)):
        target[i] = source[i]
