"""One pass: the gradient of a block is written while its squares are added up. Blocks have sums of their own, which are
added in order."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_squares
from nnspec.accelerated.cpu._jit import flat, kernel

BLOCK = 1024  # short, so that rounding grows no faster than in a pairwise sum


def l2_penalty(w, lam, *, half=False):
    if half:
        lam = lam / 2
    dw, sums = np.empty(w.shape, w.dtype), np.empty((w.size + BLOCK - 1) // BLOCK, w.dtype)
    _penalize[2 * w.size](*flat(w), float(2 * lam), dw.reshape(-1), sums)
    return lam * sums.sum(), dw


@kernel
def _penalize(w, slope, dw, sums):
    slope, zero = w.dtype.type(slope), w.dtype.type(0)
    for block in prange(len(sums)):
        start, size = block * BLOCK, min(BLOCK, w.size - block * BLOCK)
        here, slopes = w[start : start + size], dw[start : start + size]
        for i in range(size):
            slopes[i] = slope * here[i]
        sums[block] = fold_squares(w, start, size, zero)
