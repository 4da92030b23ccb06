"""Products with few columns: C = A B where a row of C is no longer than a vector.

The register tile would leave lanes empty, and copy all of A for them. Here the lanes lie along the depth instead: B is
transposed, A is read once where it stands, and ROWS of its vectors meet COLUMNS of those of B at a time. What a lane
has summed is added in halves at the end, so the order of a sum depends on nothing but the depth.
"""

import numpy as np
from llvmlite import ir
from numba import prange, types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

from nnspec.accelerated.cpu._fold import halved
from nnspec.accelerated.cpu._intrinsics import place_of
from nnspec.accelerated.cpu._jit import flat, kernel
from nnspec.accelerated.cpu._tile import VECTOR_BYTES, multiply_add

MOST = 16  # columns, and
DEEP = 128  # the least depth with which it is faster than the tile
ROWS, COLUMNS = (4 if VECTOR_BYTES == 64 else 2), 5  # so many sums, and a vector of each row, stay in registers


def narrow_product(a, b, b_row, b_column, bias, n, work):
    """A (M, K), row after row in memory, with B, whose rows and columns are so far from each other in a vector."""
    (m, k), lanes = a.shape, VECTOR_BYTES // a.itemsize
    c = np.empty((m, n), a.dtype)
    _multiply[work](*flat(a), b, b_row, b_column, *flat(bias), c.reshape(-1), m, n, k, lanes)
    return c


@kernel
def _multiply(a, b, b_row, b_column, bias, c, m, n, k, lanes):
    deep, panels = (k + lanes - 1) // lanes, (n + COLUMNS - 1) // COLUMNS
    packed = np.zeros(panels * deep * COLUMNS * lanes, a.dtype)
    _pack(b, b_row, b_column, n, k, lanes, packed)
    sums, rest = np.empty(ROWS * COLUMNS, a.dtype), np.zeros(ROWS * lanes, a.dtype)
    for block in prange((m + ROWS - 1) // ROWS):
        first = block * ROWS
        if first + ROWS <= m:
            _multiply_rows(ROWS, a, first * k, k, packed, bias, c, first * n, n, lanes, sums, rest)
        for i in range(first, m if first + ROWS > m else first):
            _multiply_rows(1, a, i * k, k, packed, bias, c, i * n, n, lanes, sums, rest)


@register_jitable
def _pack(b, b_row, b_column, n, k, lanes, packed):
    """Panel after panel of COLUMNS columns; in it vector after vector of the depth, one of each column."""
    deep = (k + lanes - 1) // lanes
    for j in range(n):
        panel = j // COLUMNS * deep * COLUMNS * lanes + j % COLUMNS * lanes
        for start in range(0, k, lanes):
            here, at = packed[panel + start * COLUMNS : panel + start * COLUMNS + min(lanes, k - start)], start * b_row
            for lane in range(len(here)):
                here[lane] = b[at + lane * b_row + j * b_column]


@register_jitable
def _multiply_rows(rows, a, a_at, k, packed, bias, c, c_at, n, lanes, sums, rest):
    """ROWS rows of C, or one, which is then taken for all of them. sums and rest: room for both."""
    whole, deep = k // lanes, (k + lanes - 1) // lanes
    for i in range(rows if whole < deep else 0):
        source, target = a[a_at + i * k + whole * lanes : a_at + i * k + k], rest[i * lanes : (i + 1) * lanes]
        for lane in range(len(source)):
            target[lane] = source[lane]
    for p in range((n + COLUMNS - 1) // COLUMNS):
        sums[:] = 0
        _add_dots(whole, a, a_at, k if rows == ROWS else 0, packed, p * deep * COLUMNS * lanes, sums)
        if whole < deep:
            _add_dots(1, rest, 0, lanes, packed, (p * deep + whole) * COLUMNS * lanes, sums)
        for i in range(rows):
            for j in range(min(COLUMNS, n - p * COLUMNS)):
                column = p * COLUMNS + j
                total = sums[i * COLUMNS + j]
                c[c_at + i * n + column] = total + bias[column] if bias.size > 0 else total


@intrinsic
def _add_dots(typingctx, depth, a, a_at, a_row, b, b_at, sums):
    """sums[i COLUMNS + j] += the product of row i of A, `depth` vectors from a_at + i a_row on, with column j of B."""
    size = types.intp
    signature = types.void(size, a, size, size, b, size, sums)

    def codegen(context, builder, signature, args):
        depth, a, a_at, a_row, b, b_at, sums = args
        scalar, itemsize = context.get_data_type(signature.args[1].dtype), signature.args[1].dtype.bitwidth // 8
        vector, index = ir.VectorType(scalar, VECTOR_BYTES // itemsize), depth.type
        places = [(i, j) for i in range(ROWS) for j in range(COLUMNS)]

        def start(array, position, at):
            return place_of(context, builder, signature.args[position], array, at)

        def load(pointer, offset):
            place = builder.bitcast(builder.gep(pointer, [offset]), vector.as_pointer())
            return builder.load(place, align=itemsize)

        a_start, b_start, out = start(a, 1, a_at), start(b, 4, b_at), start(sums, 6, index(0))
        totals = {place: cgutils.alloca_once_value(builder, ir.Constant(vector, None)) for place in places}
        with cgutils.for_range(builder, depth) as loop:
            a_now = builder.gep(a_start, [builder.mul(loop.index, index(vector.count))])
            b_now = builder.gep(b_start, [builder.mul(loop.index, index(COLUMNS * vector.count))])
            rows = [load(a_now, builder.mul(a_row, index(i))) for i in range(ROWS)]
            columns = [load(b_now, index(j * vector.count)) for j in range(COLUMNS)]
            for i, j in places:
                builder.store(multiply_add(builder, rows[i], columns[j], builder.load(totals[i, j])), totals[i, j])
        for i, j in places:
            place = builder.gep(out, [index(i * COLUMNS + j)])
            builder.store(builder.fadd(builder.load(place), halved(builder, builder.load(totals[i, j]))), place)
        return context.get_dummy_value()

    return signature, codegen
