"""The product and both of its gradients are one contraction on shared tiles, which finds patches while it copies.

    out[r, m, i, j] = sum_{q,u,v} a[r, q, u, v] b[m, q, i di + u du + first, j di + v du + first]        b is 0 outside

           r    m, i, j    q, u, v    a       b       di        du        first
    out    f    n, i, j    c, u, v    w       x       stride    1         -pad
    dx     c    n, i, j    f, u, v    w       dout    1         -1        0
    dw     f    c, i, j    n, u, v    dout    x       1         stride    -pad

A row or column of the padded x meets the taps u that leave the same rest as itself when divided by the stride. So dx is
made of one contraction for each pair of rests, in which i and u count what leaves it: nothing is scattered, and nothing
is multiplied by zeros between the entries of dout. A contraction with few entries is cut along its depth into chunks,
whose sums are added in a second stage.
"""

import numpy as np

from nnspec.accelerated.cuda._kernel import inlined, kernel
from nnspec.accelerated.cuda._product import dot, pieces_added
from nnspec.accelerated.cuda._sums import block_sum, sum_partials
from nnspec.accelerated.cuda._target import SIMULATED, WARP, cuda, empty, empty_like, flat
from nnspec.reference.n06_convolution._windows import output_size

ENOUGH_BLOCKS = (132 * 4, 32)[SIMULATED]  # to fill the largest GPU of today
SHORTEST_CHUNK = (256, 8)[SIMULATED]
MOST_CHUNKS = 256
NOWHERE = -(1 << 30)  # a row outside of every image


def conv2d_forward(x, w, b=None, *, stride=1, pad=0):
    size = output_size("conv2d_forward", "w", x, w.shape[2:], stride, pad)
    (N, C, *_), (F, _, KH, KW), out = x.shape, w.shape, empty((len(x), len(w), *size), x.dtype)
    factors, result = ((w, _steps(w)), (x, _steps(x))), (out, _steps(out)[::-1])
    out = _contracted(F, (N, *size), (C, KH, KW), *factors, result, moves=(stride, 1, -pad), bias=b)
    return out, (x, w, b, stride, pad)


def conv2d_backward(dout, cache):
    x, w, b, stride, pad = cache
    (N, C, *image), (F, _, *kernel_size), size = x.shape, w.shape, dout.shape[2:]
    factors, result = ((w, _steps(w)[::-1]), (dout, _steps(dout))), (empty_like(x), _steps(x)[::-1])
    dx = _contracted(C, (N, *image), (F, *kernel_size), *factors, result, moves=(1, -1, 0), rests=(stride, pad))
    factors, result = ((dout, _steps(dout)[::-1]), (x, _steps(x)[::-1])), (empty_like(w), _steps(w))
    dw = _contracted(F, (C, *kernel_size), (N, *size), *factors, result, moves=(1, stride, -pad))
    return dx, dw, None if b is None else _sums_of_maps(dout)


def _steps(array):
    """From one to the next in memory, of the first axis and of the second."""
    _, along, height, width = array.shape
    return along * height * width, height * width


def _contracted(height, entries, depths, a, b, out, *, moves, rests=(1, 0), bias=None):
    """out: for r below height and (m, i, j) below entries the sum over (q, u, v) below depths.

    a, b, out: each an array and its steps, which lead in memory from one to the next: of a, r and q; of b, m and q; of
    out, r and m. moves: di, du and first. rests: how many there are, and where in the padded x the rows and columns of
    out begin.
    """
    (a, a_steps), (b, b_steps), (out, out_steps) = a, b, out
    (maps, rows, columns), (deep, *taps), (number, _) = entries, depths, rests
    deep *= _parts(taps[0], number) * _parts(taps[1], number)
    down = _parts(height, _contract.sizes["rows"])
    across = _parts(maps * _parts(rows, number) * _parts(columns, number), _contract.sizes["columns"])
    tiles = number * number * down * across
    chunks = max(1, min(ENOUGH_BLOCKS // max(1, tiles), deep // SHORTEST_CHUNK, MOST_CHUNKS))
    partial = out if chunks == 1 else empty((chunks, out.size), out.dtype)
    arrays = map(flat, (a, b, partial if bias is None else bias, partial))
    steps = a_steps, (*b_steps, *b.shape[2:]), (out.size, *out_steps)
    share = (down, across, chunks), _parts(deep, chunks)
    _contract(chunks * tiles, *arrays, height, entries, depths, *steps, moves, rests, *share, biased=bias is not None)
    return out if chunks == 1 else sum_partials(partial).reshape(out.shape)


def _parts(total, size):
    return (total + size - 1) // size


def _sums_of_maps(dout):
    """(N, F, HO, WO) -> (F,)."""
    n, f = dout.shape[:2]
    chunks = max(1, min(n, ENOUGH_BLOCKS // max(1, f)))
    partial = empty((chunks, f), dout.dtype)
    _sum_maps(chunks * f, dout.reshape(n, f, dout.shape[2] * dout.shape[3]), flat(partial), chunks)
    return sum_partials(partial)


@inlined
def _counted(total, number, rest):
    """How many below `total` leave this rest when divided by `number`."""
    return (total - rest + number - 1) // number


@inlined
def _place(k, size_u, size_v):
    """(q, u, v) of entry k, row by row."""
    size_u, size_v = max(1, size_u), max(1, size_v)
    return k // (size_u * size_v), k // size_v % size_u, k % size_v


@inlined
def _further(place, step, size_u, size_v):
    """The place of entry k + l, given those of k and l: an addition with carry instead of divisions."""
    q, u, v = place[0] + step[0], place[1] + step[1], place[2] + step[2]
    if v >= size_v:
        u, v = u + 1, v - size_v
    if u >= size_u:
        q, u = q + 1, u - size_u
    return q, u, v


@inlined
def _note(taps, d, inside, place, map_step, width, move):
    """What the tap at `place` adds to the row, the column and the offset in b of whatever meets it."""
    y, x = place[1] * move, place[2] * move
    taps[0, d] = y if inside else NOWHERE
    taps[1, d] = x
    taps[2, d] = place[0] * map_step + y * width + x


@inlined
def _entry(column, entries, number, skipped, rest_u, rest_v):
    """(m, i, j) of a column of the tile, i and j among those of these rests; and whether there is such a one."""
    top, left = _counted(skipped, number, rest_u), _counted(skipped, number, rest_v)
    size_i = _counted(skipped + entries[1], number, rest_u) - top
    size_j = _counted(skipped + entries[2], number, rest_v) - left
    m, i, j = _place(column, size_i, size_j)
    return m, top + i, left + j, column < entries[0] * size_i * size_j


@kernel(threads=(256, 16), rows=(64, 4), columns=(128, 8), depth=(16, 4), wide=(4, 2))
def _contract(real, threads, rows, columns, depth, wide, biased):
    across = columns // wide  # threads along a side of the tile; each owns high x wide entries
    high = rows * across // threads
    add_pieces = pieces_added(dot, across, depth, high, wide)
    padded = rows + 4  # so that a column of a piece lies in different banks, and a thread can load four rows at once
    a_together, b_together = threads // depth, threads // columns  # rows of A, and of B, that are copied at once

    @inlined
    def where(grid, number):
        """The first row of the block's tile, the column of the thread, the chunk of the depth, and the two rests."""
        tiles_down, tiles_across, chunks = grid
        row = cuda.blockIdx.x % tiles_down * rows
        column = cuda.blockIdx.x // tiles_down % tiles_across * columns + cuda.threadIdx.x % columns
        at = cuda.blockIdx.x // (tiles_down * tiles_across)
        return row, column, at % chunks, at // chunks // number, at // chunks % number

    @inlined
    def copy_rows(a, from_a, step, row, height, some, a_piece):
        """What the rows of the tile have at the tap of this thread, if there are `some` so deep."""
        t = cuda.threadIdx.x
        for s in range(rows // a_together):
            i = s * a_together + t // depth
            inside = row + i < height and some
            a_piece[t % depth, i] = a[from_a + i * step] if inside else real(0)

    @inlined
    def copy_patches(b, from_b, y, x, height, width, taps, b_piece):
        """What the column of this thread meets at the taps; 0 outside of b."""
        t = cuda.threadIdx.x
        for s in range(depth // b_together):
            e = s * b_together + t // columns
            inside = 0 <= y + taps[0, e] < height and 0 <= x + taps[1, e] < width
            b_piece[e, t % columns] = b[from_b + taps[2, e]] if inside else real(0)

    @inlined
    def store(totals, offsets, row, height, bias, adds_bias, out, at, step):
        t = cuda.threadIdx.x
        for i in range(high):
            here = row + t // across * high + i
            for j in range(wide):
                offset = offsets[t % across + j * across]
                if here < height and offset >= 0:
                    total = totals[i, j]
                    if biased and adds_bias:
                        total += bias[here]
                    out[at + here * step + offset] = total

    def contract(a, b, bias, out, height, entries, depths, a_steps, b_steps, out_steps, moves, rests, grid, chunk_size):
        a_piece = cuda.shared.array((depth, padded), real, alignment=16)
        b_piece = cuda.shared.array((depth, columns), real)
        taps = cuda.shared.array((3, depth), np.int64)
        offsets = cuda.shared.array(columns, np.int64)  # in out, of each column; -1 for none
        totals = cuda.local.array((high, wide), real)
        t = cuda.threadIdx.x
        (number, skipped), (move, tap_move, first) = rests, moves
        map_step, tap_step, b_height, b_width = b_steps
        row, column, chunk, rest_u, rest_v = where(grid, number)
        m, i, j, mine = _entry(column, entries, number, skipped, rest_u, rest_v)
        if t < columns:
            offset = m * out_steps[2] + (i * number + rest_u - skipped) * entries[2] + j * number + rest_v - skipped
            offsets[t] = offset if mine else -1
        y, x = i * move + first if mine else NOWHERE, j * move + first
        from_b = m * map_step + y * b_width + x

        size_u, size_v = _counted(depths[1], number, rest_u), _counted(depths[2], number, rest_v)
        start = chunk * chunk_size
        stop = min(depths[0] * size_u * size_v, start + chunk_size)
        d = t % depth
        place, step = _place(start + d, size_u, size_v), _place(depth, size_u, size_v)
        if t < depth:
            _note(taps, d, start + d < stop, place, tap_step, b_width, tap_move)
        for i in range(high):
            for j in range(wide):
                totals[i, j] = real(0)
        cuda.syncthreads()
        for k in range(start, stop, depth):
            from_a = row * a_steps[0] + place[0] * a_steps[1] + (place[1] * number + rest_u) * depths[2]
            from_a += place[2] * number + rest_v
            copy_rows(a, from_a, a_steps[0], row, height, k + d < stop, a_piece)
            copy_patches(b, from_b, y, x, b_height, b_width, taps, b_piece)
            cuda.syncthreads()
            place = _further(place, step, size_u, size_v)
            if t < depth:
                _note(taps, d, k + depth + d < stop, place, tap_step, b_width, tap_move)
            add_pieces(a_piece, b_piece, totals)
            cuda.syncthreads()
        store(totals, offsets, row, height, bias, chunk == 0, out, chunk * out_steps[0], out_steps[1])

    return contract


@kernel(threads=(256, 8))
def _sum_maps(real, threads):
    add_up = block_sum(real, threads)
    warps = threads // WARP

    def sum_maps(dout, partial, chunks):
        """A block sums one map of a chunk of the samples, a warp one of them at a time."""
        samples, maps = dout.shape[0], dout.shape[1]
        chunk, f = cuda.blockIdx.x // maps, cuda.blockIdx.x % maps
        lane, warp = cuda.threadIdx.x % WARP, cuda.threadIdx.x // WARP
        total = real(0)
        for n in range(chunk * samples // chunks + warp, (chunk + 1) * samples // chunks, warps):
            for p in range(lane, dout.shape[2], WARP):
                total += dout[n, f, p]
        add_up(total, partial)

    return sum_maps
