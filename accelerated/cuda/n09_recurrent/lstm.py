"""x Wx for all steps is one product, and so are the gradients of the weights. What has to wait for the step before is
one launch: a block owns some sequences and hidden units with all four gates of these, so that what the product gives
goes into the cells without a way through memory. In the backward a quarter of a block sums the columns of one gate.
"""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, inlined, kernel
from nnspec.accelerated.cuda._math import sigmoid
from nnspec.accelerated.cuda._product import product
from nnspec.accelerated.cuda._sums import column_sums
from nnspec.accelerated.cuda._target import cuda, empty, empty_like, math
from nnspec.accelerated.cuda.n09_recurrent._padding import without_what_follows

THREADS = (256, 8)


def lstm_step_forward(x, h, c, Wx, Wh, b):
    (N, D), H = x.shape, len(Wh)
    h_next, c_next, cache = lstm_forward(x.reshape(N, 1, D), h, Wx, Wh, b, c)
    return h_next.reshape(N, H), c_next, cache


def lstm_step_backward(dh_next, dc_next, cache):
    N, H = dh_next.shape
    dx, dh, dWx, dWh, db, dc = lstm_backward(dh_next.reshape(N, 1, H), dc_next, cache)
    return dx.reshape(N, dx.shape[2]), dh, dc, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
    (N, T, D), H = x.shape, len(Wh)
    x = x if lengths is None else without_what_follows(lengths, x)
    gates = product(x.reshape(N * T, D), Wx, bias=b).reshape(N, T, 4 * H)
    h, h_before, c_before = (empty((N, T, H), x.dtype) for _ in range(3))
    c_T = empty_like(h0)
    c0_given = c0 is not None
    _start(blocks(h0.size, _start.threads), h0, c0 if c0_given else h0, h_before, c_before, c_T, given=c0_given)
    ending, ends = lengths is not None, empty(0, np.int64) if lengths is None else lengths
    for t in range(T):
        grid = _tiles(_step_forward, N, H)
        _step_forward(grid, Wh, t, ends, gates, h_before, c_before, h, c_T, ending=ending)
    return h, c_T, (x, Wx, Wh, c0_given, lengths, gates, h_before, c_before)


def lstm_backward(dh, dc_T, cache):
    x, Wx, Wh, c0_given, lengths, gates, h_before, c_before = cache
    (N, T, D), H = x.shape, len(Wh)
    da, dh0, dc0 = empty_like(gates), empty_like(dc_T), empty_like(dc_T)
    ending, ends = lengths is not None, empty(0, np.int64) if lengths is None else lengths
    for t in range(T - 1, -2, -1):  # the last one goes on to what is before the first step
        grid = _tiles(_step_backward, N, H)
        _step_backward(grid, dh, dc_T, Wh, t, ends, gates, c_before, da, dh0, dc0, ending=ending)
    da = da.reshape(N * T, 4 * H)
    dx = product(da, Wx, transpose_b=True).reshape(x.shape)
    dWx = product(x.reshape(N * T, D), da, transpose_a=True)
    dWh = product(h_before.reshape(N * T, H), da, transpose_a=True)
    return dx, dh0, dWx, dWh, column_sums(da), dc0 if c0_given else None


def permute_gates(w, *, order_from="ifog", order_to="ifgo"):
    for name, order in (("order_from", order_from), ("order_to", order_to)):
        if sorted(order) != sorted("ifog"):
            raise ValueError(f"permute_gates: {name} must hold i, f, o and g, each once, got {order!r}")
    if w.shape[-1] % 4:
        raise ValueError(f"permute_gates: w must have 4 H columns, got shape {w.shape}")
    out, blocks_to = empty_like(w), [order_from.index(gate) for gate in order_to]
    flat = (w.size // w.shape[-1] if w.size else 0, w.shape[-1])
    _permute(blocks(w.size, _permute.threads), w.reshape(flat), *blocks_to, out.reshape(flat))
    return out


def _tiles(step, sequences, units):
    """Of sequences and hidden units: one for each block."""
    rows, columns = step.sizes["rows"], step.sizes["units"]
    return (sequences + rows - 1) // rows * ((units + columns - 1) // columns)


@kernel(threads=THREADS)
def _start(real, threads, given):
    def start(h0, c0, h_before, c_before, c_T):
        steps, size = h_before.shape[1:]
        for at in range(cuda.grid(1), c_T.size, cuda.gridsize(1)):
            n, j = at // size, at % size
            c = c0[n, j] if given else real(0)
            if steps > 0:
                h_before[n, 0, j], c_before[n, 0, j] = h0[n, j], c
            else:
                c_T[n, j] = c

    return start


@inlined
def _of_unit(gates, n, t, j, size):
    """What the four gates of unit j hold, in the order i, f, o, g."""
    return gates[n, t, j], gates[n, t, size + j], gates[n, t, 2 * size + j], gates[n, t, 3 * size + j]


@inlined
def _put_of_unit(gates, n, t, j, size, i, f, o, g):
    gates[n, t, j], gates[n, t, size + j] = i, f
    gates[n, t, 2 * size + j], gates[n, t, 3 * size + j] = o, g


@kernel(threads=(128, 8), rows=(32, 4), units=(16, 4), depth=(32, 2))
def _step_forward(real, threads, rows, units, depth, ending):
    each = rows * units // threads  # sequences of a thread
    across, padded = 4 * units, rows + 4

    @inlined
    def multiply(h_before, Wh, t, shape, row, unit, my_row, my_unit, h_piece, w_piece, totals):
        """totals = h_before[:, t] Wh, for the four gates of a unit and each sequence of the thread."""
        sequences, _, size = shape
        for r in range(each):
            for gate in range(4):
                totals[r, gate] = real(0)
        for start in range(0, size, depth):
            for p in range(cuda.threadIdx.x, rows * depth, threads):
                n, k = row + p // depth, start + p % depth
                h_piece[p % depth, p // depth] = h_before[n, t, k] if n < sequences and k < size else real(0)
            for p in range(cuda.threadIdx.x, across * depth, threads):
                d, u, gate = p // across, p % across // 4, p % 4
                k, j = start + d, unit + u
                w_piece[d, u, gate] = Wh[k, gate * size + j] if k < size and j < size else real(0)
            cuda.syncthreads()
            for d in range(depth):
                for r in range(each):
                    for gate in range(4):
                        totals[r, gate] += h_piece[d, my_row + r] * w_piece[d, my_unit, gate]
            cuda.syncthreads()

    def step_forward(Wh, t, ends, gates, h_before, c_before, h, c_T):
        """gates[:, t] holds x Wx + b before, and the gates after."""
        h_piece = cuda.shared.array((depth, padded), real, alignment=16)
        w_piece = cuda.shared.array((depth, units, 4), real, alignment=16)
        totals = cuda.local.array((each, 4), real)
        sequences, steps, size = h.shape
        tiles = (size + units - 1) // units
        row, unit = cuda.blockIdx.x // tiles * rows, cuda.blockIdx.x % tiles * units
        # With `max` the compiler sees that they are not negative, and reads neighbours in shared memory together.
        my_row, my_unit = max(0, cuda.threadIdx.x // units * each), max(0, cuda.threadIdx.x % units)
        multiply(h_before, Wh, t, h.shape, row, unit, my_row, my_unit, h_piece, w_piece, totals)
        j = unit + my_unit
        for r in range(each):
            n = row + my_row + r
            if n < sequences and j < size:
                i, f, o, g = _of_unit(gates, n, t, j, size)
                i, f, o = sigmoid(i + totals[r, 0]), sigmoid(f + totals[r, 1]), sigmoid(o + totals[r, 2])
                g = math.tanh(g + totals[r, 3])
                c = f * c_before[n, t, j] + i * g
                shown = o * math.tanh(c)
                _put_of_unit(gates, n, t, j, size, i, f, o, g)
                if ending and t >= ends[n]:
                    shown, c = h_before[n, t, j], c_before[n, t, j]
                h[n, t, j] = shown
                if t + 1 < steps:
                    h_before[n, t + 1, j], c_before[n, t + 1, j] = shown, c
                else:
                    c_T[n, j] = c

    return step_forward


@kernel(threads=(128, 16), rows=(16, 4), units=(16, 4), depth=(32, 2), each=((4, 2), (2, 2)))
def _step_backward(real, threads, rows, units, depth, each, ending):
    high, wide = each  # sequences and units of a thread
    down, across = rows // high, units // wide
    team = down * across  # the threads of a gate
    padded_rows, padded_units = rows + 1, units + 1

    @inlined
    def multiply(da, Wh, t, shape, row, unit, da_piece, w_piece, sums):
        """sums[gate] = da[:, t + 1] Wh^T over the columns of that gate; 0 where step t is the last."""
        totals = cuda.local.array((high, wide), real)
        sequences, steps, size = shape
        my_gate, place = cuda.threadIdx.x // team, cuda.threadIdx.x % team
        my_row, my_unit = place // across, place % across
        for r in range(high):
            for u in range(wide):
                totals[r, u] = real(0)
        for start in range(0, size if t + 1 < steps else 0, depth):
            for p in range(cuda.threadIdx.x, 4 * rows * depth, threads):
                gate, r, d = p // depth // rows, p // depth % rows, p % depth
                inside = row + r < sequences and start + d < size
                da_piece[gate, d, r] = da[row + r, t + 1, gate * size + start + d] if inside else real(0)
            for p in range(cuda.threadIdx.x, 4 * units * depth, threads):
                gate, u, d = p // depth // units, p // depth % units, p % depth
                inside = unit + u < size and start + d < size
                w_piece[gate, d, u] = Wh[unit + u, gate * size + start + d] if inside else real(0)
            cuda.syncthreads()
            for d in range(depth):
                for r in range(high):
                    for u in range(wide):
                        weight = w_piece[my_gate, d, my_unit + u * across]
                        totals[r, u] += da_piece[my_gate, d, my_row + r * down] * weight
            cuda.syncthreads()
        for r in range(high):
            for u in range(wide):
                sums[my_gate, my_row + r * down, my_unit + u * across] = totals[r, u]
        cuda.syncthreads()

    @inlined
    def through_cell(dshown, dc, n, t, j, size, gates, c_before, da):
        """da of unit j from the gradients of what it shows and of its c; returns that of the c before."""
        one = real(1)
        i, f, o, g = _of_unit(gates, n, t, j, size)
        c = c_before[n, t, j]
        squashed = math.tanh(f * c + i * g)
        dc += dshown * o * (one - squashed * squashed)
        di, df = dc * g * i * (one - i), dc * c * f * (one - f)
        do, dg = dshown * squashed * o * (one - o), dc * i * (one - g * g)
        _put_of_unit(da, n, t, j, size, di, df, do, dg)
        return dc * f

    def step_backward(dh, dc_T, Wh, t, ends, gates, c_before, da, dh0, dc0):
        """dh and dc of the step before from those of step t. dc0 holds dc, and in the end, with t = -1, that of c0.

        dh0 gathers the dh of the steps after a sequence is over.
        """
        da_piece = cuda.shared.array((4, depth, padded_rows), real)
        w_piece = cuda.shared.array((4, depth, padded_units), real)
        sums = cuda.shared.array((4, rows, units), real)
        sequences, steps, size = dh.shape
        tiles = (size + units - 1) // units
        row, unit = cuda.blockIdx.x // tiles * rows, cuda.blockIdx.x % tiles * units
        multiply(da, Wh, t, dh.shape, row, unit, da_piece, w_piece, sums)
        for p in range(cuda.threadIdx.x, rows * units, threads):
            r, u = p // units, p % units
            n, j = row + r, unit + u
            if n < sequences and j < size:
                through_h = (sums[0, r, u] + sums[1, r, u]) + (sums[2, r, u] + sums[3, r, u])
                dc = dc0[n, j] if t + 1 < steps else dc_T[n, j]
                if ending and t + 1 >= ends[n] and t + 1 < steps:
                    through_h = dh0[n, j]  # of a step that did nothing
                if t < 0:
                    dh0[n, j], dc0[n, j] = through_h, dc
                elif ending and t >= ends[n]:
                    dh0[n, j], dc0[n, j] = dh[n, t, j] + through_h, dc
                    _put_of_unit(da, n, t, j, size, real(0), real(0), real(0), real(0))
                else:
                    dc0[n, j] = through_cell(dh[n, t, j] + through_h, dc, n, t, j, size, gates, c_before, da)

    return step_backward


@kernel(threads=THREADS)
def _permute(threads):
    def permute(w, first, second, third, fourth, out):
        size = w.shape[1] // 4
        for at in range(cuda.grid(1), w.size, cuda.gridsize(1)):
            row, gate, j = at // w.shape[1], at % w.shape[1] // size, at % size
            source = first if gate == 0 else (second if gate == 1 else (third if gate == 2 else fourth))
            out[row, gate * size + j] = w[row, source * size + j]

    return permute
