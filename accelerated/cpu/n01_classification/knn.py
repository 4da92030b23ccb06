"""Distances run on the register tile, which sums |a - b| or (a - b)^2 in place of products; selection and votes own a
row a thread."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._product import L1, L2, product

BLOCK = 128  # entries of a row that are looked at together
FEW = 64  # neighbours up to which insertion into a sorted list beats sorting the row


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
    idx = np.empty((len(d), k), np.int64)
    if k > FEW:
        idx[...] = np.argsort(d, axis=1, kind="stable")[:, :k]
        unordered = bool(np.isnan(d).any())
    else:
        nan = np.zeros(len(d), np.bool_)
        _nearest[2 * d.size](*contiguous(d), np.empty((len(d), k), d.dtype), idx, nan)
        unordered = bool(nan.any())
    if unordered:
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
    for i in prange(len(x)):
        for j in range(len(others)):
            for k in range(x.shape[1]):
                above, below = x[i, k] > others[j, k], x[i, k] < others[j, k]
                dx[i, k] += dd[i, j] if above else (-dd[i, j] if below else dd.dtype.type(0))


@kernel
def _differences(slope, x, others, dx):
    for i in prange(len(x)):
        for j in range(len(others)):
            for k in range(x.shape[1]):
                dx[i, k] += slope[i, j] * (x[i, k] - others[j, k])


@kernel
def _nearest(d, best, idx, nan):
    """Most blocks of a row hold nothing near enough, which is told by counting, in vectors."""
    k = idx.shape[1]
    for i in prange(len(d)):
        near, where = best[i], idx[i]
        near[:] = np.inf
        for start in range(0, d.shape[1], BLOCK):
            block, candidates = d[i, start : start + BLOCK], 0
            for j in range(len(block)):
                candidates += not block[j] >= near[k - 1]  # so that NaN is one
            for j in range(len(block) if candidates or start < k else 0):
                nan[i] |= block[j] != block[j]
                if block[j] < near[k - 1] or start + j < k:  # strictly, so that the earlier of equals stays ahead
                    at = min(start + j, k - 1)
                    while at > 0 and block[j] < near[at - 1]:
                        near[at], where[at] = near[at - 1], where[at - 1]
                        at -= 1
                    near[at], where[at] = block[j], start + j


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
