"""x Wx for all steps is one product, and so are the gradients of the weights. What has to wait for the step before is
one launch: a block owns a tile of sequences and hidden units, and what its product gives goes through the tanh without
a way through memory. A single step is a sequence of one.
"""

import numpy as np

from nnspec.accelerated.cuda._kernel import inlined, kernel
from nnspec.accelerated.cuda._product import dot, piece_copied, pieces_added, product
from nnspec.accelerated.cuda._sums import column_sums
from nnspec.accelerated.cuda._target import cuda, empty, empty_like, flat, math
from nnspec.accelerated.cuda.n09_recurrent._padding import without_what_follows

SIZES = {"threads": (64, 4), "tile": (16, 4), "depth": (32, 2)}
EACH = 2  # entries of a thread along a side of its tile


def rnn_step_forward(x, h, Wx, Wh, b):
    N, D = x.shape
    h_next, cache = rnn_forward(x.reshape(N, 1, D), h, Wx, Wh, b)
    return h_next.reshape(h.shape), cache


def rnn_step_backward(dh_next, cache):
    N, H = dh_next.shape
    dx, *rest = rnn_backward(dh_next.reshape(N, 1, H), cache)
    return dx.reshape(N, dx.shape[2]), *rest


def rnn_forward(x, h0, Wx, Wh, b, *, lengths=None):
    (N, T, D), H = x.shape, len(Wh)
    x = x if lengths is None else without_what_follows(lengths, x)
    h = product(x.reshape(N * T, D), Wx, bias=b).reshape(N, T, H)
    h_before, weights, grid = empty_like(h), flat(Wh), _tiles(_step_forward, N, H)
    start = h0.reshape(N, 1, H)
    ending, ends = lengths is not None, empty(0, np.int64) if lengths is None else lengths
    for t in range(T):
        _step_forward(grid, start, weights, t, ends, h_before, h, first=t == 0, ending=ending)
    return h, (x, Wx, Wh, lengths, h, h_before)


def rnn_backward(dh, cache):
    x, Wx, Wh, lengths, h, h_before = cache
    (N, T, D), H = x.shape, len(Wh)
    da, dh0, weights, grid = empty_like(h), empty((N, H), h.dtype), flat(Wh), _tiles(_step_backward, N, H)
    ending, ends = lengths is not None, empty(0, np.int64) if lengths is None else lengths
    for t in range(T - 1, -2, -1):  # the last one goes on to what is before the first step
        _step_backward(grid, dh, weights, t, ends, h, da, dh0, ending=ending)
    da = da.reshape(N * T, H)
    dx = product(da, Wx, transpose_b=True).reshape(x.shape)
    dWx = product(x.reshape(N * T, D), da, transpose_a=True)
    dWh = product(h_before.reshape(N * T, H), da, transpose_a=True)
    return dx, dh0, dWx, dWh, column_sums(da)


def _tiles(step, sequences, units):
    tile = step.sizes["tile"]
    return (sequences + tile - 1) // tile * ((units + tile - 1) // tile)


def _multiplied(real, threads, tile, depth, transposed):
    """For kernels: totals = A[:, t] Wh, or A[:, t] Wh^T, over the tile of the block that begins at (row, unit)."""
    add_pieces = pieces_added(dot, tile // EACH, depth, EACH, EACH)
    copy_weights = piece_copied(real, threads, tile, depth, along_depth=transposed)

    @inlined
    def multiply(a, t, weights, row, unit, a_piece, w_piece, totals):
        sequences, _, size = a.shape
        for start in range(0, size, depth):
            for p in range(cuda.threadIdx.x, tile * depth, threads):
                n, k = row + p // depth, start + p % depth
                a_piece[p % depth, p // depth] = a[n, t, k] if n < sequences and k < size else real(0)
            copy_weights(weights, 0, unit, size, start, size, w_piece)
            cuda.syncthreads()
            add_pieces(a_piece, w_piece, totals)
            cuda.syncthreads()

    return multiply


@inlined
def _owned(i, tile):
    """The place in its tile of a thread's entry i."""
    across = tile // EACH
    row = cuda.threadIdx.x // across * EACH + i // EACH
    return row, cuda.threadIdx.x % across + i % EACH * across


@kernel(**SIZES)
def _step_forward(real, threads, tile, depth, first, ending):
    padded = tile + 1
    multiply = _multiplied(real, threads, tile, depth, transposed=False)

    def step_forward(h0, weights, t, ends, h_before, h):
        """h[:, t] holds x Wx + b before."""
        a_piece = cuda.shared.array((depth, padded), real)
        w_piece = cuda.shared.array((depth, padded), real)
        totals = cuda.local.array((EACH, EACH), real)
        sequences, steps, size = h.shape
        tiles = (size + tile - 1) // tile
        row, unit = cuda.blockIdx.x // tiles * tile, cuda.blockIdx.x % tiles * tile
        for i in range(EACH * EACH):
            totals[i // EACH, i % EACH] = real(0)
        if first:
            multiply(h0, 0, weights, row, unit, a_piece, w_piece, totals)
        else:
            multiply(h, t - 1, weights, row, unit, a_piece, w_piece, totals)
        for i in range(EACH * EACH):
            r, u = _owned(i, tile)
            n, j = row + r, unit + u
            if n < sequences and j < size:
                before = h0[n, 0, j] if first else h[n, t - 1, j]
                h_before[n, t, j] = before
                over = ending and t >= ends[n]
                h[n, t, j] = before if over else math.tanh(h[n, t, j] + totals[i // EACH, i % EACH])

    return step_forward


@kernel(**SIZES)
def _step_backward(real, threads, tile, depth, ending):
    padded = tile + 1
    multiply = _multiplied(real, threads, tile, depth, transposed=True)

    def step_backward(dh, weights, t, ends, h, da, dh0):
        """da of step t from that of the step after; in the end, with t = -1, dh0.

        dh0 gathers the dh of the steps after a sequence is over.
        """
        a_piece = cuda.shared.array((depth, padded), real)
        w_piece = cuda.shared.array((depth, padded), real)
        totals = cuda.local.array((EACH, EACH), real)
        sequences, steps, size = dh.shape
        tiles = (size + tile - 1) // tile
        row, unit = cuda.blockIdx.x // tiles * tile, cuda.blockIdx.x % tiles * tile
        for i in range(EACH * EACH):
            totals[i // EACH, i % EACH] = real(0)
        if t + 1 < steps:
            multiply(da, t + 1, weights, row, unit, a_piece, w_piece, totals)
        for i in range(EACH * EACH):
            r, u = _owned(i, tile)
            n, j = row + r, unit + u
            if n < sequences and j < size:
                through = totals[i // EACH, i % EACH]
                if ending and t + 1 < steps and t + 1 >= ends[n]:
                    through = dh0[n, j]  # of a step that did nothing
                if t < 0:
                    dh0[n, j] = through
                elif ending and t >= ends[n]:
                    dh0[n, j], da[n, t, j] = dh[n, t, j] + through, real(0)
                else:
                    squashed = h[n, t, j]
                    da[n, t, j] = (dh[n, t, j] + through) * (real(1) - squashed * squashed)

    return step_backward
