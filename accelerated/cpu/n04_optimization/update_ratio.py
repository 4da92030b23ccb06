"""One pass over both arrays. The step of a block stays in the cache; blocks have sums of their own, added in order."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_squares
from nnspec.accelerated.cpu._jit import flat, kernel

BLOCK = 1024  # short, so that rounding grows no faster than in a pairwise sum


def update_ratio(w, w_new):
    sums = np.empty((2, (w.size + BLOCK - 1) // BLOCK), w.dtype)
    _squares[2 * w.size](*flat(w, w_new), sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(*np.sqrt(sums.sum(axis=1)))


@kernel
def _squares(w, w_new, sums):
    zero = w.dtype.type(0)
    for block in prange(sums.shape[1]):
        start, size = block * BLOCK, min(BLOCK, w.size - block * BLOCK)
        before, after, step = w[start : start + size], w_new[start : start + size], np.empty(BLOCK, w.dtype)
        for i in range(size):
            step[i] = after[i] - before[i]
        sums[0, block] = fold_squares(step, 0, size, zero)
        sums[1, block] = fold_squares(w, start, size, zero)
