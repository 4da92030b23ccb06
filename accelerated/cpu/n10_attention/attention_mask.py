"""A row of a mask by one thread. Masks that broadcast are read where they stand."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu.n09_recurrent.padding import FILLED, lengths_to_mask
from nnspec.accelerated.cpu.n10_attention._masks import broadcast_index

FEW = 1 << 18  # entries, of which NumPy's own loop is done before a kernel knows its rows


def padding_mask(lengths, Tk):
    return lengths_to_mask(lengths, Tk)[:, None, None]


def combine_masks(mask, other):
    try:
        shape = np.broadcast_shapes(mask.shape, other.shape)
    except ValueError as error:
        raise ValueError(f"combine_masks: other must broadcast with mask: {error}") from None
    if math.prod(shape) < FEW:
        return np.logical_and(mask, other)
    out = np.empty(shape, np.bool_)
    found = [_rows(np.atleast_1d(one), shape[:-1]) for one in (mask, other)]
    _combine[out.size // FILLED](*found[0], *found[1], out.reshape(-1, shape[-1]).view(np.uint8))
    return out


def _rows(mask, batch):
    """The rows of a mask, as bytes, and which of them each row of the broadcast one is."""
    return *contiguous(mask.reshape(-1, mask.shape[-1]).view(np.uint8)), broadcast_index(mask.shape[:-1], batch)


@kernel
def _combine(a, of_a, b, of_b, out):
    size = out.shape[1]
    narrow_a, narrow_b = a.shape[1] < size, b.shape[1] < size
    for i in prange(len(out)):
        left, right = np.uint64(of_a[i]), np.uint64(of_b[i])  # of no negative index
        if narrow_a:
            for j in range(size):
                out[i, j] = a[left, 0] & b[right, j]
        elif narrow_b:
            for j in range(size):
                out[i, j] = a[left, j] & b[right, 0]
        else:
            for j in range(size):
                out[i, j] = a[left, j] & b[right, j]
