"""Distances feature by feature, in blocks and by a product; selection by a threshold; votes by one histogram."""

import numpy as np

BLOCK = 64  # queries at a time


def real(*images):
    return [x if x.dtype.kind == "f" else x.astype(np.float64) for x in images]


def l1_distance(xq, xt):
    """Added up feature by feature: no array of three axes."""
    xq, xt = real(xq, xt)
    d = np.zeros((len(xq), len(xt)), xq.dtype)
    for query, training in zip(xq.T, xt.T, strict=True):
        d += abs(np.subtract.outer(query, training))
    return d


def l1_distance_backward(dd, xq, xt):
    """The sign is a difference of two comparisons."""
    above, below = (compare.outer(xq, xt).diagonal(axis1=1, axis2=3) for compare in (np.greater, np.less))
    sign = above.astype(dd.dtype) - below
    return np.einsum("ij,ijk->ik", dd, sign), -np.einsum("ij,ijk->jk", dd, sign)


def l2_distance(xq, xt, *, squared=False):
    xq, xt = real(xq, xt)
    d = np.empty((len(xq), len(xt)), xq.dtype)
    for start in range(0, len(xq), BLOCK):
        apart = xq[start : start + BLOCK, None] - xt
        d[start : start + BLOCK] = np.einsum("ijk,ijk->ij", apart, apart)
    return d if squared else np.sqrt(d)


def l2_distance_gemm(xq, xt, *, squared=False):
    """One product: [|xq|^2, 1, -2 xq] [1, |xt|^2, xt]^T."""
    xq, xt = real(xq, xt)
    one = np.ones_like
    norms_q, norms_t = (np.einsum("ik,ik->i", x, x)[:, None] for x in (xq, xt))
    left = np.hstack([norms_q, one(norms_q), -2 * xq])
    right = np.hstack([one(norms_t), norms_t, xt])
    d2 = np.clip(left @ right.T, 0, None)
    return d2 if squared else np.sqrt(d2)


def l2_distance_backward(dd, xq, xt, *, squared=False):
    apart = xq[:, None] - xt
    if squared:
        pull = 2 * dd
    else:
        d = np.linalg.norm(apart, axis=2)
        pull = np.divide(dd, d, out=np.zeros_like(dd), where=d > 0)
    return np.einsum("ij,ijk->ik", pull, apart), -np.einsum("ij,ijk->jk", pull, apart)


def knn_indices(d, k):
    """All that lie below the k-th smallest distance, filled up with the first that equal it; then sorted."""
    threshold = np.partition(d, k - 1, axis=1)[:, k - 1 : k]
    nearer, equal = d < threshold, d == threshold
    wanting = k - nearer.sum(axis=1, keepdims=True)
    chosen = nearer | (equal & (equal.cumsum(axis=1) <= wanting))
    idx = np.nonzero(chosen)[1].reshape(len(d), k)
    nearest_first = np.argsort(np.take_along_axis(d, idx, axis=1), axis=1, kind="stable")
    return np.take_along_axis(idx, nearest_first, axis=1)


def knn_vote(labels, *, n_classes=None):
    """One histogram for all queries: label c of query i is counted as i C + c."""
    classes = n_classes or int(labels.max(initial=0)) + 1
    which = np.arange(len(labels))[:, None] * classes + labels
    counts = np.bincount(which.ravel(), minlength=len(labels) * classes).reshape(len(labels), classes)
    most = counts == counts.max(axis=1, keepdims=True)
    return most.argmax(axis=1), counts, most.sum(axis=1) > 1


def knn_vote_weighted(labels, d, *, eps=0.0):
    """Sorted by label, so that the votes of a class are a run; who is at distance 0 is looked for first."""
    labels, d = np.asarray(labels, np.int64), d.astype(np.float64)
    if d.shape[1] == 0 or not (d >= 0).all() or not 0 <= eps < np.inf:
        raise ValueError("knn_vote_weighted: d and eps must be distances, of at least one neighbour")
    return np.array([_heaviest(*row, eps) for row in zip(labels, d, strict=True)], np.int64)


def _heaviest(labels, d, eps):
    alone = (d + eps).min() in (0, np.inf)
    weights = (d == d.min()).astype(float) if alone else np.reciprocal(d + eps)
    names, which = np.unique(labels, return_inverse=True)
    return names[np.bincount(which, weights).argmax()]


def cosine_distance(xq, xt):
    """All products first, divided by the lengths then; these by hypot, which does not overflow."""
    xq, xt = (x / _largest(x) for x in real(xq, xt))
    lengths = np.multiply.outer(_length(xq), _length(xt))
    cosine = np.divide(np.einsum("ik,jk->ij", xq, xt), lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return 1 - np.clip(cosine, -1, 1)


def cosine_distance_backward(dd, xq, xt):
    """For each pair: what of the one stands at a right angle on the other."""
    one = [x / _largest(x) for x in (xq, xt)]
    u, v = (x / _safe(x) for x in one)
    cosine = np.einsum("ik,jk->ij", u, v)
    there = np.logical_and.outer(xq.any(axis=1), xt.any(axis=1)) * dd
    dxq = np.einsum("ij,ijk->ik", there, cosine[:, :, None] * u[:, None] - v) / (_largest(xq) * _safe(one[0]))
    return dxq, np.einsum("ij,ijk->jk", there, cosine[:, :, None] * v - u[:, None]) / (_largest(xt) * _safe(one[1]))


def _largest(x):
    size = abs(x).max(axis=1, keepdims=True, initial=0)
    return np.where(size > 0, size, 1)


def _length(x):
    return np.hypot.reduce(x, axis=1, initial=0)


def _safe(x):
    length = _length(x)[:, None]
    return np.where(length > 0, length, 1)


def minkowski_distance(xq, xt, *, p=2.0):
    """By logarithms, with more digits: of a sum of powers the log is the log-sum-exp of p log |·|."""
    if not p >= 1:
        raise ValueError("minkowski_distance: p must be at least 1")
    xq, xt = real(xq, xt)
    apart = abs(xq[:, None] - xt)
    if p == np.inf:
        return np.maximum.reduce(apart, axis=2, initial=0)
    with np.errstate(divide="ignore"):
        logs = p * np.log(apart.astype(np.longdouble))
    return np.exp(np.logaddexp.reduce(logs, axis=2, initial=-np.inf) / p).astype(xq.dtype)
