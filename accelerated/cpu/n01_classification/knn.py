"""Distances run on the register tile, which sums |a - b| or (a - b)^2 in place of products; selection and votes own a
row a thread."""

import math

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._fold import fold_below, fold_sum
from nnspec.accelerated.cpu._intrinsics import rank, ranked
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._product import L1, L2, product

BLOCK = 32  # entries of a row that are looked at together
FEW = 64  # neighbours up to which insertion into a sorted list beats finding them first and sorting them then


def l1_distance(xq, xt):
    xq, xt = _floating(xq, xt)
    return product(xq, xt.T, L1)


def l2_distance(xq, xt, *, squared=False):
    xq, xt = _floating(xq, xt)
    d2 = product(xq, xt.T, L2)
    return d2 if squared else np.sqrt(d2, out=d2)


def l2_distance_gemm(xq, xt, *, squared=False):
    xq, xt = _floating(xq, xt)
    d = product(xq, xt.T)
    _expand[4 * d.size](*contiguous(_norms(xq), _norms(xt)), d, squared)
    return d


def _norms(x):
    norms = np.empty(len(x), x.dtype)
    _sum_squares[x.size](*contiguous(x), norms)
    return norms


def l1_distance_backward(dd, xq, xt):
    return _pull_l1(dd, xq, xt), _pull_l1(dd.T, xt, xq)


def l2_distance_backward(dd, xq, xt, *, squared=False):
    if squared:
        slope = 2 * dd
    else:
        d = l2_distance(xq, xt)
        slope = np.divide(dd, d, out=np.zeros_like(d), where=d > 0)
    return _pull_l2(slope, xq, xt), _pull_l2(slope.T, xt, xq)


def knn_indices(d, k):
    idx, nan = np.empty((len(d), k), np.int64), np.zeros(len(d), np.bool_)
    near = np.empty((len(d), k), d.dtype)
    if k <= FEW:
        _nearest[2 * d.size](*contiguous(d), near, idx, nan)
    else:
        _within[32 * d.size](*contiguous(d), near, idx, nan)
        idx = np.take_along_axis(idx, np.argsort(near, axis=1, kind="stable"), axis=1)
    if nan.any():
        raise ValueError("knn_indices: d must not hold NaN: it has no place in an order")
    return idx


def knn_vote(labels, *, n_classes=None):
    if labels.shape[1] == 0:
        raise ValueError(f"knn_vote: labels must hold at least one vote a row, got shape {labels.shape}")
    low, high = labels.min(initial=0), labels.max(initial=0)
    n_classes = int(high) + 1 if n_classes is None else n_classes
    if low < 0 or high >= n_classes:
        raise ValueError(f"knn_vote: labels must lie in 0 … {n_classes - 1}, got {low} … {high}")
    y, tie = np.empty(len(labels), np.int64), np.empty(len(labels), np.bool_)
    counts = np.zeros((len(labels), n_classes), np.int64)
    _count[labels.size + counts.size](*contiguous(labels.astype(np.int64, copy=False)), y, counts, tie)
    return y, counts, tie


def _floating(*arrays):
    return [x if x.dtype.kind == "f" else x.astype(np.float64) for x in arrays]


def _pull_l1(dd, x, others):
    dx = np.zeros(x.shape, dd.dtype)
    _signs[2 * dd.size * x.shape[1]](*contiguous(dd, x, others), dx)
    return dx


def _pull_l2(slope, x, others):
    dx = np.zeros(x.shape, slope.dtype)
    _differences[slope.size * x.shape[1]](*contiguous(slope, x, others), dx)
    return dx


@kernel
def _sum_squares(x, norms):
    for i in prange(len(x)):
        squares = np.empty(x.shape[1], x.dtype)
        for k in range(x.shape[1]):
            squares[k] = x[i, k] * x[i, k]
        norms[i] = fold_sum(squares, 0, len(squares))


@kernel
def _expand(norms_q, norms_t, d, squared):
    for i in prange(len(d)):
        for j in range(d.shape[1]):
            d2 = max(norms_q[i] - (d[i, j] + d[i, j]) + norms_t[j], d.dtype.type(0))
            d[i, j] = d2 if squared else math.sqrt(d2)


@kernel
def _signs(dd, x, others, dx):
    """A product with 1, 0 or -1: of three ways to go on, the compiler makes no vectors."""
    one, zero = dd.dtype.type(1), dd.dtype.type(0)
    for i in prange(len(x)):
        point, total = x[i], dx[i]
        for j in range(len(others)):
            other, slope = others[j], dd[i, j]
            for k in range(len(point)):
                above = one if point[k] > other[k] else zero
                below = one if point[k] < other[k] else zero
                total[k] += slope * (above - below)


@kernel
def _differences(slope, x, others, dx):
    for i in prange(len(x)):
        for j in range(len(others)):
            for k in range(x.shape[1]):
                dx[i, k] += slope[i, j] * (x[i, k] - others[j, k])


@kernel
def _nearest(d, best, idx, nan):
    """Most blocks of a row hold nothing near enough, which is told by counting, in vectors."""
    k, flat, size = idx.shape[1], d.reshape(-1), d.shape[1]
    for i in prange(len(d)):
        near, where = best[i], idx[i]
        near[:] = np.inf
        for start in range(0, size, BLOCK):
            here = min(BLOCK, size - start)
            if start >= k and fold_below(flat, i * size + start, here, near[k - 1]) == 0:
                continue
            for j in range(start, start + here):
                nan[i] |= d[i, j] != d[i, j]
                if d[i, j] < near[k - 1] or j < k:  # strictly, so that the earlier of equals stays ahead
                    at = min(j, k - 1)
                    while at > 0 and d[i, j] < near[at - 1]:
                        near[at], where[at] = near[at - 1], where[at - 1]
                        at -= 1
                    near[at], where[at] = d[i, j], j


@kernel
def _within(d, near, idx, nan):
    """The k of a row up to the k-th smallest, of its equals the first ones, in the order of the row."""
    k, flat = idx.shape[1], d.reshape(-1)
    for i in prange(len(d)):
        found, border = 0, _kth_smallest(flat, i * d.shape[1], d.shape[1], k)
        for j in range(d.shape[1]):
            nan[i] |= d[i, j] != d[i, j]
            if d[i, j] < border:
                near[i, found], idx[i, found] = d[i, j], j
                found += 1
        for j in range(d.shape[1]):
            if d[i, j] == border and found < k:
                near[i, found], idx[i, found] = border, j
                found += 1


@register_jitable
def _kth_smallest(d, start, size, k):
    """By bisection between -inf and inf, along the floating-point numbers in their order: at most one step a bit."""
    infinity = d.dtype.type(np.inf)
    low, high = -rank(infinity), rank(infinity) + 1  # fewer than k are below the first, not so for the last
    while low + 1 < high:
        middle = (low & high) + ((low ^ high) >> 1)  # their sum may overflow
        if fold_below(d, start, size, ranked(middle, infinity)) < k:
            low = middle
        else:
            high = middle
    return ranked(low, infinity)


@kernel
def _count(labels, y, counts, tie):
    for i in prange(len(labels)):
        for vote in labels[i]:
            counts[i, vote] += 1
        y[i], tie[i] = 0, False
        for c in range(1, counts.shape[1]):
            if counts[i, c] > counts[i, y[i]]:
                y[i], tie[i] = c, False
            elif counts[i, c] == counts[i, y[i]]:
                tie[i] = True
