"""A map, one channel of one sample, belongs to one thread. Backward writes dx and sums the pull on the slope in one
reading; the sums of all samples are added in order."""

from math import prod

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, flat, kernel
from nnspec.accelerated.cpu._sums import column_sums


def prelu_forward(x, a):
    out = np.empty(x.shape, x.dtype)
    _scale[x.size](*flat(x, a), _size(x), out.reshape(-1))
    return out, (x, a)


def prelu_backward(dout, cache):
    x, a = cache
    dx, pulls = np.empty(x.shape, x.dtype), np.empty(x.shape[:2], x.dtype)
    _scale_back[2 * x.size](*flat(dout, x), *contiguous(a), _size(x), dx.reshape(-1), pulls.reshape(-1))
    return dx, column_sums(pulls)


def _size(x):
    """Entries of a map."""
    return prod(x.shape[2:])


@kernel
def _scale(x, a, size, out):
    zero = x.dtype.type(0)
    for m in prange(x.size // max(1, size)):
        slope = a[m % len(a)]
        numbers, here = x[m * size : (m + 1) * size], out[m * size : (m + 1) * size]
        for k in range(size):
            here[k] = numbers[k] if numbers[k] > zero else slope * numbers[k]


@kernel
def _scale_back(dout, x, a, size, dx, pulls):
    zero = x.dtype.type(0)
    for m in prange(len(pulls)):
        slope, pull = a[m % len(a)], zero
        numbers, upstream = x[m * size : (m + 1) * size], dout[m * size : (m + 1) * size]
        here = dx[m * size : (m + 1) * size]
        for k in range(size):
            here[k] = upstream[k] if numbers[k] > zero else slope * upstream[k]
        for k in range(size):
            if not numbers[k] > zero:
                pull += upstream[k] * numbers[k]
        pulls[m] = pull
