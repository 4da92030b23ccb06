"""A query is one thread's. A whole p takes no powers but products, in vectors: differences are divided by the largest,
and squared as often as p has bits."""

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._fold import fold_max, fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel

WHOLE = 1024  # p up to which it is worth it


def minkowski_distance(xq, xt, *, p=2.0):
    if not p >= 1:
        raise ValueError(f"minkowski_distance: p must be at least 1, got {p}: below it is no distance")
    xq, xt = (x if x.dtype.kind == "f" else x.astype(np.float64) for x in (xq, xt))
    d, rows = np.empty((len(xq), len(xt)), xq.dtype), np.empty((2, *xq.shape), xq.dtype)
    whole = int(p) if p <= WHOLE and p == int(p) else 0
    _measure[8 * d.size * xq.shape[1]](*contiguous(xq, xt), float(p), whole, rows[0], rows[1], d)
    return d


@kernel
def _measure(xq, xt, p, whole, shares, powers, d):
    root, zero, one, size = d.dtype.type(1 / p), d.dtype.type(0), d.dtype.type(1), xq.shape[1]
    for i in prange(len(xq)):
        query, share, power = xq[i], shares[i], powers[i]
        for j in range(len(xt)):
            point = xt[j]
            for k in range(size):
                share[k] = abs(point[k] - query[k])
            largest, total = fold_max(share, 0, size), fold_sum(share, 0, size)
            if total != total or size == 0:  # the largest passes over NaN
                largest = total
            if zero < largest < np.inf and p < np.inf:
                for k in range(size):
                    share[k], power[k] = share[k] / largest, one
                _raise(share, power, p, whole)
                largest *= fold_sum(power, 0, size) ** root
            d[i, j] = largest


@register_jitable
def _raise(share, power, p, whole):
    """power = share^p; a whole p bit by bit, of which the shares are squared."""
    size = len(share)
    if whole == 0:
        for k in range(size):
            power[k] = share[k] ** share.dtype.type(p)
    while whole > 0:
        if whole & 1:
            for k in range(size):
                power[k] *= share[k]
        whole >>= 1
        if whole > 0:
            for k in range(size):
                share[k] *= share[k]
