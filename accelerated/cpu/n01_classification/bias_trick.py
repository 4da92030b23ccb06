"""Rows are copied in parallel into memory that is made once; nothing is concatenated."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel


def append_ones(x):
    out = np.empty((x.shape[0], x.shape[1] + 1), x.dtype)
    _append[x.size](*contiguous(x), out)
    return out


def append_ones_backward(dout, x):
    dx = np.empty(x.shape, x.dtype)
    _cut[x.size](*contiguous(dout), dx)
    return dx


def fold_bias(w, b):
    out = np.empty((w.shape[0] + 1, w.shape[1]), w.dtype)
    out[:-1], out[-1] = w, b
    return out


@kernel
def _append(x, out):
    size, one = x.shape[1], x.dtype.type(1)
    for i in prange(len(x)):
        row, here = x[i], out[i]
        for j in range(size):
            here[j] = row[j]
        here[size] = one


@kernel
def _cut(dout, dx):
    for i in prange(len(dx)):
        row, here = dout[i], dx[i]
        for j in range(len(here)):
            here[j] = row[j]
