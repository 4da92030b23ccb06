"""Sums over rows, without a race: each block of rows has a partial sum of its own, and these are added in order."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel

BLOCK = 256  # rows; fixed, so that the order of additions does not depend on the number of threads


def column_sums(x):
    """(N, D) -> (D,)."""
    partial = np.zeros(((len(x) + BLOCK - 1) // BLOCK, x.shape[1]), x.dtype)
    _sum_blocks[x.size](*contiguous(x), partial)
    return partial[0] if len(partial) == 1 else partial.sum(axis=0)


@kernel
def _sum_blocks(x, partial):
    for block in prange(len(partial)):
        for i in range(block * BLOCK, min(len(x), (block + 1) * BLOCK)):
            for j in range(x.shape[1]):
                partial[block, j] += x[i, j]
