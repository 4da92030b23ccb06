"""Sums over blocks of images, in parallel; subtracted image by image in one pass."""

from math import prod

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, flat, kernel
from nnspec.accelerated.cpu._sums import column_sums
from nnspec.reference.n01_classification.mean_image import _floating


def mean_image(x):
    if len(x) == 0:
        raise ValueError("mean_image: x must hold at least one image: the mean of none is undefined")
    return (column_sums(_rows(x)) / len(x)).reshape(x.shape[1:])


def subtract_mean(x, mu):
    rows = _rows(x)
    out = np.empty(rows.shape, rows.dtype)
    _subtract[rows.size](*contiguous(rows), *flat(mu.astype(rows.dtype, copy=False)), out)
    return out.reshape(x.shape)


def _rows(x):
    return _floating(x).reshape(len(x), prod(x.shape[1:]))


@kernel
def _subtract(x, mu, out):
    for n in prange(len(x)):
        row, here = x[n], out[n]
        for j in range(len(mu)):
            here[j] = row[j] - mu[j]
