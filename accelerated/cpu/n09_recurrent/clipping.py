"""Squares are added up in blocks with sums of their own, as those of the L2 penalty; then one pass scales."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._elementwise import elementwise
from nnspec.accelerated.cpu._fold import fold_squares
from nnspec.accelerated.cpu._jit import flat, kernel

BLOCK = 1024  # short, so that rounding grows no faster than in a pairwise sum


def clip_by_global_norm(grads, max_norm, *, eps=1e-6):
    if not max_norm >= 0:
        raise ValueError(f"clip_by_global_norm: max_norm must be at least 0, got {max_norm}")
    norm = np.sqrt(sum(_sum_of_squares(g) for g in grads.values()))
    scale = np.minimum(1, max_norm / (norm + eps))
    return {key: _scaled(g, scale) for key, g in grads.items()}, norm


def clip_by_value(grads, limit):
    if not limit >= 0:
        raise ValueError(f"clip_by_value: limit must be at least 0, got {limit}")
    return {key: _clipped(g, limit) for key, g in grads.items()}


def _sum_of_squares(g):
    sums = np.empty((g.size + BLOCK - 1) // BLOCK, g.dtype)
    _square[g.size](*flat(g), sums)
    return sums.sum()


@kernel
def _square(g, sums):
    zero = g.dtype.type(0)
    for block in prange(len(sums)):
        sums[block] = fold_squares(g, block * BLOCK, min(BLOCK, g.size - block * BLOCK), zero)


@elementwise
def _scaled(g, scale):
    return scale * g


@elementwise
def _clipped(g, limit):
    return limit if g > limit else -limit if g < -limit else g
