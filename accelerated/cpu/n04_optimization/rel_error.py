"""One pass over both arrays. Blocks have maxima of their own, taken in vectors; which is larger does not round."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_max
from nnspec.accelerated.cpu._jit import flat, kernel

BLOCK = 1024  # whose errors stay in the L1 cache


def rel_error(a, b, *, floor=1e-8):
    if not floor > 0:
        raise ValueError(f"rel_error: floor must be above 0, got {floor}")
    worst = np.empty((a.size + BLOCK - 1) // BLOCK, a.dtype)
    _worst[2 * a.size](*flat(a, b), floor / 2, worst)
    return worst.max(initial=0)


@kernel
def _worst(a, b, floor, worst):
    real = a.dtype.type
    half, least, never = real(0.5), real(floor), real(np.inf)
    for block in prange(len(worst)):
        start, size = block * BLOCK, min(BLOCK, a.size - block * BLOCK)
        ours, others, off = a[start : start + size], b[start : start + size], np.empty(BLOCK, a.dtype)
        for i in range(size):
            x, y = half * ours[i], half * others[i]
            error = abs(x - y) / max(least, abs(x) + abs(y))
            off[i] = error if error == error else never
        worst[block] = fold_max(off, 0, size)
