"""Rows in blocks, whose two columns stand apart while vectors of them are turned."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import atan2, hypot

ROWS = 256  # of a block
WORK = 32  # multiply-adds that an angle takes, about


def polar_features(x):
    out = np.empty(x.shape, x.dtype)
    _turn[WORK * len(x)](*contiguous(x), out)
    return out


@kernel
def _turn(x, out):
    N = len(x)
    left, up = np.empty(ROWS, x.dtype), np.empty(ROWS, x.dtype)
    lengths, angles = np.empty(ROWS, x.dtype), np.empty(ROWS, x.dtype)
    for block in prange((N + ROWS - 1) // ROWS):
        first = block * ROWS
        rows = min(ROWS, N - first)
        for i in range(rows):
            left[i], up[i] = x[first + i, 0], x[first + i, 1]
        for i in range(rows):
            lengths[i], angles[i] = hypot(left[i], up[i]), atan2(up[i], left[i])
        for i in range(rows):
            out[first + i, 0], out[first + i, 1] = lengths[i], angles[i]
