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
        here, first, end = partial[block], block * BLOCK, min(len(rows), (block + 1) * BLOCK)
        fours = first + (end - first) // 4 * 4
        for o in range(first, fours, 4):  # what is summed is read and written once for four rows
            row, second = rows[o], rows[o + 1]
            third, fourth = rows[o + 2], rows[o + 3]
            a, b, c, d = dout[o], dout[o + 1], dout[o + 2], dout[o + 3]
            for j in range(len(here)):
                here[j] = here[j] + a * row[j] + b * second[j] + c * third[j] + d * fourth[j]
        for o in range(fours, end):
            row, a = rows[o], dout[o]
            for j in range(len(here)):
                here[j] += a * row[j]
