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
    (N, C, H, W), (F, _, KH, KW), P = x.shape, w.shape, size[0] * size[1]
    out = _contracted(
        F, (N, *size), (C, KH, KW), w, (C * KH * KW, KH * KW), x, (C * H * W, H * W),
        empty((N, F, *size), x.dtype), (P, F * P), moves=(stride, 1, -pad), bias=b,
    )  # fmt: skip
    return out, (x, w, b, stride, pad)


def conv2d_backward(dout, cache):
    x, w, b, stride, pad = cache
    (N, C, H, W), (F, _, KH, KW), (HO, WO) = x.shape, w.shape, dout.shape[2:]
    dx = _contracted(
        C, (N, H, W), (F, KH, KW), w, (KH * KW, C * KH * KW), dout, (F * HO * WO, HO * WO),
        empty_like(x), (H * W, C * H * W), moves=(1, -1, 0), rests=(stride, pad),
    )  # fmt: skip
    dw = _contracted(
        F, (C, KH, KW), (N, HO, WO), dout, (HO * WO, F * HO * WO), x, (H * W, C * H * W),
        empty_like(w), (C * KH * KW, KH * KW), moves=(1, stride, -pad),
    )  # fmt: skip
    return dx, dw, None if b is None else _sums_of_maps(dout)


def _contracted(height, entries, depths, a, a_steps, b, b_steps, out, out_steps, *, moves, rests=(1, 0), bias=None):
    """out: for r below height and (m, i, j) below entries the sum over (q, u, v) below depths.

    Steps lead from one to the next in memory: of a, r and q; of b, m and q; of out, r and m. moves: di, du and first.
    rests: how many there are, and where in the padded x the rows and columns of out begin.
    """
    (maps, rows, columns), (deep, *taps), (number, _) = entries, depths, rests
    deep *= _parts(taps[0], number) * _parts(taps[1], number)
    down = _parts(height, _contract.sizes["rows"])
    across = _parts(maps * _parts(rows, number) * _parts(columns, number), _contract.sizes["columns"])
    tiles = number * number * down * across
    chunks = max(1, min(ENOUGH_BLOCKS // max(1, tiles), deep // SHORTEST_CHUNK, MOST_CHUNKS))
    partial = out if chunks == 1 else empty((chunks, out.size), out.dtype)
    _contract(
        chunks * tiles, flat(a), flat(b), flat(partial if bias is None else bias), flat(partial),
        height, entries, depths, a_steps, (*b_steps, *b.shape[2:]), (out.size, *out_steps), moves, rests,
        (down, across, chunks), _parts(deep, chunks), biased=bias is not None,
    )  # fmt: skip
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


@kernel(threads=(256, 16), rows=(64, 4), columns=(128, 8), depth=(16, 4), wide=(4, 2))
def _contract(real, threads, rows, columns, depth, wide, biased):
    across = columns // wide  # threads along a side of the tile; each owns high x wide entries
    high = rows * across // threads
    add_pieces = pieces_added(dot, across, depth, high, wide)
    padded = rows + 4  # so that a column of a piece lies in different banks, and a thread can load four rows at once
    a_together, b_together = threads // depth, threads // columns  # rows of A, and of B, that are copied at once

    def contract(a, b, bias, out, height, entries, depths, a_steps, b_steps, out_steps, moves, rests, grid, chunk_size):
        a_piece = cuda.shared.array((depth, padded), real, alignment=16)
        b_piece = cuda.shared.array((depth, columns), real)
        taps = cuda.shared.array((3, depth), np.int64)
        offsets = cuda.shared.array(columns, np.int64)  # in out, of each column; -1 for none
        totals = cuda.local.array((high, wide), real)
        t = cuda.threadIdx.x
        (tiles_down, tiles_across, chunks), (number, skipped), (move, tap_move, first) = grid, rests, moves
        map_step, tap_step, b_height, b_width = b_steps
        row = cuda.blockIdx.x % tiles_down * rows
        column = cuda.blockIdx.x // tiles_down % tiles_across * columns + t % columns
        at = cuda.blockIdx.x // (tiles_down * tiles_across)
        chunk, rest_u, rest_v = at % chunks, at // chunks // number, at // chunks % number

        top, left = _counted(skipped, number, rest_u), _counted(skipped, number, rest_v)
        size_i = _counted(skipped + entries[1], number, rest_u) - top
        size_j = _counted(skipped + entries[2], number, rest_v) - left
        m, i, j = _place(column, size_i, size_j)
        i, j = top + i, left + j
        mine = column < entries[0] * size_i * size_j
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
            for s in range(rows // a_together):
                i = s * a_together + t // depth
                inside = row + i < height and k + d < stop
                a_piece[d, i] = a[from_a + i * a_steps[0]] if inside else real(0)
            for s in range(depth // b_together):
                e = s * b_together + t // columns
                inside = 0 <= y + taps[0, e] < b_height and 0 <= x + taps[1, e] < b_width
                b_piece[e, t % columns] = b[from_b + taps[2, e]] if inside else real(0)
            cuda.syncthreads()
            place = _further(place, step, size_u, size_v)
            if t < depth:
                _note(taps, d, k + depth + d < stop, place, tap_step, b_width, tap_move)
            add_pieces(a_piece, b_piece, totals)
            cuda.syncthreads()
        for i in range(high):
            here = row + t // across * high + i
            for j in range(wide):
                offset = offsets[t % across + j * across]
                if here < height and offset >= 0:
                    total = totals[i, j]
                    if biased and chunk == 0:
                        total += bias[here]
                    out[chunk * out_steps[0] + here * out_steps[1] + offset] = total

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
