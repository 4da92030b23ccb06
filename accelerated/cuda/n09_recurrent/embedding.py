"""Forward: a thread for each number. Backward: a warp owns a row of dw and gathers: it goes through the ids in their
order and adds dout where it finds its own. Where there are few rows, as many warps share the ids of each, and their
sums are added in a second stage."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import sum_partials
from nnspec.accelerated.cuda._target import WARP, cuda, empty

THREADS = (256, 8)


def embedding_forward(ids, w, *, padding_idx=None):
    V, D = w.shape
    out, kept = empty((*ids.shape, D), w.dtype), empty(ids.size, np.int64)
    rows = out.reshape(ids.size, D)
    _forward(blocks(max(out.size, ids.size), _forward.threads), ids.reshape(ids.size), w, rows, kept)
    return out, (kept, V, D, padding_idx)


def embedding_backward(dout, cache):
    ids, V, D, padding_idx = cache
    warps, fewest = _backward.sizes["warps"], _backward.sizes["fewest"]
    chunks = max(1, min((ids.size + fewest - 1) // fewest, warps // max(1, V)))  # by the shapes alone, as the bits are
    partial = empty((chunks, V, D), dout.dtype)
    skipped = -1 if padding_idx is None else padding_idx
    grid = blocks(chunks * V * WARP, _backward.threads)
    _backward(grid, ids, dout.reshape(ids.size, D), np.int64(skipped), partial)
    return sum_partials(partial.reshape(chunks, V * D)).reshape(V, D)


@kernel(threads=THREADS)
def _forward(real, threads):
    def forward(ids, w, out, kept):
        width = w.shape[1]
        for at in range(cuda.grid(1), max(out.size, ids.size), cuda.gridsize(1)):
            if at < out.size:
                out[at // width, at % width] = w[ids[at // width], at % width]
            if at < ids.size:
                kept[at] = ids[at]

    return forward


@kernel(threads=THREADS, warps=(8192, 32), fewest=(64, 4))
def _backward(real, threads, warps, fewest):
    def backward(ids, dout, skipped, partial):
        chunks, rows, width = partial.shape
        each = (ids.size + chunks - 1) // chunks  # ids of a chunk
        lane = cuda.threadIdx.x % WARP
        for owned in range(cuda.grid(1) // WARP, chunks * rows, cuda.gridsize(1) // WARP):
            chunk, row = owned // rows, owned % rows
            for j in range(lane, width, WARP):
                partial[chunk, row, j] = real(0)
            if row != skipped:
                for i in range(chunk * each, min(ids.size, (chunk + 1) * each)):
                    if ids[i] == row:
                        for j in range(lane, width, WARP):
                            partial[chunk, row, j] += dout[i, j]

    return backward
