"""Rows in parallel, each owned by one thread, which fills it in two pieces: nothing is compared, and bytes are written
in vectors."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel

FILLED = 16  # entries in the time of a unit of work


def lengths_to_mask(lengths, T):
    low, high = lengths.min(initial=0), lengths.max(initial=0)
    if low < 0 or high > T:
        raise ValueError(f"lengths_to_mask: lengths must lie in 0 … T = {T}, got {low} … {high}")
    mask = np.empty((len(lengths), T), np.bool_)
    _fill[mask.size // FILLED](*contiguous(lengths.astype(np.int64)), mask)
    return mask


@kernel
def _fill(lengths, mask):
    for n in prange(len(lengths)):
        row, length = mask[n], lengths[n]
        row[:length] = True
        row[length:] = False
