"""Two passes of sums over blocks of samples; a sample is standardized by one thread."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._sums import column_sums


def standardize_fit(x):
    if len(x) == 0:
        raise ValueError("standardize_fit: x must hold at least one sample: the mean of none is undefined")
    mean = column_sums(x) / len(x)
    squares = np.empty(x.shape, x.dtype)
    _squares[x.size](*contiguous(x, mean), squares)
    return mean, np.sqrt(column_sums(squares) / len(x))


def standardize(x, mean, std):
    if not (std >= 0).all():
        raise ValueError(f"standardize: std must be at least 0, got {std.tolist()}")
    out = np.empty(x.shape, x.dtype)
    _standardize[x.size](*contiguous(x, mean, std), out)
    return out


@kernel
def _squares(x, mean, out):
    for n in prange(len(x)):
        row, here = x[n], out[n]
        for j in range(len(mean)):
            off = row[j] - mean[j]
            here[j] = off * off


@kernel
def _standardize(x, mean, std, out):
    zero = x.dtype.type(0)
    for n in prange(len(x)):
        row, here = x[n], out[n]
        for j in range(len(mean)):
            here[j] = (row[j] - mean[j]) / std[j] if std[j] > zero else zero
