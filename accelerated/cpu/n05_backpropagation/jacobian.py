"""Rows of the Jacobian, read once where they stand, are added up times their upstream gradients. Blocks of them have
sums of their own, each owned by one thread, which are added in order."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, flat, kernel

BLOCK = 128  # rows; fixed, so that the order of additions does not depend on the number of threads


def vjp_from_jacobian(J, dout):
    rows = J.reshape(dout.size, J.shape[-1])
    partial = np.zeros(((len(rows) + BLOCK - 1) // BLOCK, rows.shape[1]), J.dtype)
    _weigh[J.size](*contiguous(rows), *flat(dout), partial)
    return partial[0] if len(partial) == 1 else partial.sum(axis=0)


@kernel
def _weigh(rows, dout, partial):
    for block in prange(len(partial)):
        here = partial[block]
        for o in range(block * BLOCK, min(len(rows), (block + 1) * BLOCK)):
            row, weight = rows[o], dout[o]
            for j in range(len(here)):
                here[j] += weight * row[j]
