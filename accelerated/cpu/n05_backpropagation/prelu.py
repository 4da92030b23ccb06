"""A map, one channel of one sample, belongs to one thread; where a map is a single number, a sample does, whose numbers
meet a slope each. Backward writes dx and sums the pull on the slope in one reading; the sums of all samples are added
in order."""

from math import prod

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import contiguous, flat, kernel
from nnspec.accelerated.cpu._sums import column_sums


def prelu_forward(x, a):
    out = np.empty(x.shape, x.dtype)
    _scale[x.size](*flat(x, a), *_size(x), out.reshape(-1))
    return out, (x, a)


def prelu_backward(dout, cache):
    x, a = cache
    dx, pulls = np.empty(x.shape, x.dtype), np.empty(x.shape[:2], x.dtype)
    _scale_back[2 * x.size](*flat(dout, x), *contiguous(a), *_size(x), dx.reshape(-1), pulls.reshape(-1))
    return dx, column_sums(pulls)


def _size(x):
    """Numbers of what belongs to one thread, and whether they have a slope each."""
    size = prod(x.shape[2:])
    return (x.shape[1], True) if size == 1 else (size, False)


@kernel
def _scale(x, a, size, each, out):
    zero = x.dtype.type(0)
    for m in prange(x.size // max(1, size)):
        slope, start = a[m % len(a)], m * size
        numbers, here = x[start : start + size], out[start : start + size]
        if each:
            for c in range(size):
                here[c] = numbers[c] if numbers[c] > zero else a[c] * numbers[c]
        else:
            for k in range(size):
                here[k] = numbers[k] if numbers[k] > zero else slope * numbers[k]


@kernel
def _scale_back(dout, x, a, size, each, dx, pulls):
    zero, terms = x.dtype.type(0), np.empty(0 if each else size, x.dtype)
    for m in prange(len(pulls) // max(1, size) if each else len(pulls)):
        slope, start = a[m % len(a)], m * size
        numbers, upstream = x[start : start + size], dout[start : start + size]
        here, pulled = dx[start : start + size], pulls[start : start + size]
        if each:
            for c in range(size):
                here[c] = upstream[c] if numbers[c] > zero else a[c] * upstream[c]
            for c in range(size):
                pulled[c] = zero if numbers[c] > zero else upstream[c] * numbers[c]
            continue
        for k in range(size):
            here[k] = upstream[k] if numbers[k] > zero else slope * upstream[k]
        for k in range(size):
            terms[k] = zero if numbers[k] > zero else upstream[k] * numbers[k]
        pulls[m] = fold_sum(terms, 0, size)
