"""Blocks have sums of their own, which are added in order."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import flat, kernel

BLOCK = 1024  # short, so that rounding grows no faster than in a pairwise sum


def perplexity(nll, tokens=None):
    return np.exp(_mean("perplexity", nll, tokens))


def bits_per_character(nll, tokens=None):
    return _mean("bits_per_character", nll, tokens) / math.log(2)


def _mean(op, nll, tokens):
    count = nll.size if tokens is None else int(tokens.sum())
    if not count > 0 or (tokens is not None and tokens.min() < 0):
        raise ValueError(f"{op}: tokens must be 0 or more, and one of them more, of nll {nll.shape}")
    tokens = np.empty(0, np.int64) if tokens is None else tokens.astype(np.int64, copy=False)
    sums = np.empty((nll.size + BLOCK - 1) // BLOCK, nll.dtype)
    _sums[nll.size](*flat(nll, tokens), sums)
    return sums.sum() / count


@kernel
def _sums(nll, tokens, sums):
    for block in prange(len(sums)):
        start, size = block * BLOCK, min(BLOCK, len(nll) - block * BLOCK)
        if len(tokens) == 0:
            sums[block] = fold_sum(nll, start, size)
        else:
            here, counts, weighted = nll[start : start + size], tokens[start : start + size], np.empty(size, nll.dtype)
            for i in range(size):
                weighted[i] = here[i] * counts[i] if counts[i] > 0 else 0
            sums[block] = fold_sum(weighted, 0, size)
