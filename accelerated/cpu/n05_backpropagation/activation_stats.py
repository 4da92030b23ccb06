"""Two readings by blocks, in parallel: counts and the sum, then the squares around the mean. Whether a unit is dead is
asked for only where there are at least as many zeros as samples."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import flat, kernel

BLOCK = 1 << 12


def activation_stats(h, *, bound=0.99):
    if h.size == 0:
        raise ValueError(f"activation_stats: h must hold at least one activation, got shape {h.shape}")
    real, numbers = h.dtype.type, flat(h)
    blocks = (h.size + BLOCK - 1) // BLOCK
    sums, counts = np.empty(blocks, h.dtype), np.empty((blocks, 3), np.int64)
    _look[h.size](*numbers, float(bound), sums, counts)
    zeros, saturated, nans = counts.sum(axis=0).tolist()
    n, mean, std = h.size - nans, real(np.nan), real(np.nan)
    if n:
        mean = sums.sum() / real(n)
        _squares[h.size](*numbers, float(mean), sums)
        std = np.sqrt(sums.sum() / real(n))
    dead = (h == 0).all(axis=0).mean() if zeros >= len(h) else 0
    return mean, std, real(zeros / h.size), real(saturated / h.size), real(dead), real(nans / h.size)


@kernel
def _look(h, bound, sums, counts):
    zero, limit = h.dtype.type(0), h.dtype.type(bound)
    for block in prange(len(sums)):
        total, zeros, saturated, nans = zero, 0, 0, 0
        for i in range(block * BLOCK, min(h.size, (block + 1) * BLOCK)):
            x = h[i]
            if x == x:
                total += x
            else:
                nans += 1
            zeros += x == zero
            saturated += abs(x) >= limit
        sums[block] = total
        counts[block, 0], counts[block, 1], counts[block, 2] = zeros, saturated, nans


@kernel
def _squares(h, mean, sums):
    zero, middle = h.dtype.type(0), h.dtype.type(mean)
    for block in prange(len(sums)):
        total = zero
        for i in range(block * BLOCK, min(h.size, (block + 1) * BLOCK)):
            off = h[i] - middle
            if off == off:
                total += off * off
        sums[block] = total
