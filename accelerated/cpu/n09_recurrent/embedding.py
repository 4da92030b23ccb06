"""Forward: ids in parallel. Backward: each thread owns some columns of dw and goes through all ids in their order, so
that nothing is shared and every number of threads adds in one order. Rows that nobody looks up are pages that the
system hands out as zeros, and are never touched."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel

COLUMNS = 64  # of a block: whole cache lines of a row


def embedding_forward(ids, w, *, padding_idx=None):
    ids = ids.astype(np.int64)  # a copy: the backward writes where they point, so nobody else may change them
    out = np.empty((*ids.shape, w.shape[1]), w.dtype)
    _forward[out.size](*contiguous(ids.reshape(-1), w), out.reshape(ids.size, w.shape[1]))
    return out, (ids, w.shape, padding_idx)


def embedding_backward(dout, cache):
    ids, (V, D), padding_idx = cache
    dw = np.zeros((V, D), dout.dtype)
    skipped = -1 if padding_idx is None else padding_idx
    _backward[dout.size](*contiguous(ids.reshape(-1), dout.reshape(ids.size, D)), skipped, dw)
    return dw


@kernel
def _forward(ids, w, out):
    for i in prange(len(ids)):
        row, here = w[ids[i]], out[i]
        for j in range(len(row)):
            here[j] = row[j]


@kernel
def _backward(ids, dout, skipped, dw):
    D = dw.shape[1]
    for block in prange((D + COLUMNS - 1) // COLUMNS):
        first, last = block * COLUMNS, min(D, (block + 1) * COLUMNS)
        for i in range(len(ids)):
            if ids[i] != skipped:
                upstream, row = dout[i, first:last], dw[ids[i], first:last]
                for j in range(len(row)):
                    row[j] += upstream[j]
