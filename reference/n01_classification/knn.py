"""k-nearest-neighbour classification. Cover and Hart 1967; CS231n notes "Classification" and assignment 1.

    l1: d_ij = sum_k |xq_ik - xt_jk|        l2: d_ij = sqrt(sum_k (xq_ik - xt_jk)^2)
    prediction_i = the most frequent label among the K training points nearest to query i

xq (Nq, D) queries    xt (Nt, D) training points    d (Nq, Nt)    idx (Nq, K)    labels (Nq, K)

Ties are decided, never left to chance: of equal distances the smaller training index is nearer, of equally frequent
labels the smaller one wins. Integer images are computed in float64, because uint8 arithmetic wraps at 256. The gradient
of a distance between coincident points (and of |·| at 0) is taken as 0.
"""

from typing import Literal

import numpy as np

from nnspec.shapes import Array, Between, Float, Int, Real


def l1_distance(xq: Real[Array, "Nq D"], xt: Real[Array, "Nt D"]):
    xq, xt = _floating(xq, xt)
    return np.array([abs(xt - query).sum(axis=1) for query in xq], xq.dtype).reshape(len(xq), len(xt))  # (Nq, Nt)


def l1_distance_backward(dd: Float[Array, "Nq Nt"], xq: Float[Array, "Nq D"], xt: Float[Array, "Nt D"]):
    sign = np.sign(xq[:, None, :] - xt[None, :, :])  # (Nq, Nt, D)
    pull = dd[:, :, None] * sign  # (Nq, Nt, D)
    return pull.sum(axis=1), -pull.sum(axis=0)  # (Nq, D), (Nt, D)


def l2_distance(xq: Real[Array, "Nq D"], xt: Real[Array, "Nt D"], *, squared: bool = False):
    xq, xt = _floating(xq, xt)
    d2 = np.array([((xt - query) ** 2).sum(axis=1) for query in xq], xq.dtype).reshape(len(xq), len(xt))  # (Nq, Nt)
    return d2 if squared else np.sqrt(d2)


def l2_distance_gemm(xq: Real[Array, "Nq D"], xt: Real[Array, "Nt D"], *, squared: bool = False):
    """|a - b|^2 = |a|^2 - 2 a·b + |b|^2: one matrix product, but close points cancel, so d2 may come out below 0."""
    xq, xt = _floating(xq, xt)
    d2 = (xq * xq).sum(axis=1)[:, None] - 2 * (xq @ xt.T) + (xt * xt).sum(axis=1)[None, :]  # (Nq, Nt)
    d2 = np.maximum(d2, 0)
    return d2 if squared else np.sqrt(d2)


def l2_distance_backward(
    dd: Float[Array, "Nq Nt"], xq: Float[Array, "Nq D"], xt: Float[Array, "Nt D"], *, squared: bool = False
):
    difference = xq[:, None, :] - xt[None, :, :]  # (Nq, Nt, D)
    if squared:
        slope = 2 * difference  # (Nq, Nt, D)
    else:
        d = l2_distance(xq, xt)[:, :, None]  # (Nq, Nt, 1)
        slope = difference / np.where(d > 0, d, 1)  # (Nq, Nt, D) 0 where the points coincide
    pull = dd[:, :, None] * slope  # (Nq, Nt, D)
    return pull.sum(axis=1), -pull.sum(axis=0)  # (Nq, D), (Nt, D)


def knn_indices(d: Float[Array, "Nq Nt"], k: Between[1, "Nt"]):
    """idx (Nq, k): the columns of the k smallest entries of each row, nearest first."""
    if np.isnan(d).any():
        raise ValueError("knn_indices: d must not hold NaN: it has no place in an order")
    return np.argsort(d, axis=1, kind="stable")[:, :k]


def knn_vote(labels: Int[Array, "Nq K"], *, n_classes: Between[1, None] | None = None):
    """y (Nq,), counts (Nq, C), tie (Nq,): the winner, the votes of each class, and whether more than one class won."""
    if n_classes is None:
        n_classes = int(labels.max(initial=0)) + 1
    if labels.shape[1] == 0:
        raise ValueError(f"knn_vote: labels must hold at least one vote a row, got shape {labels.shape}")
    if labels.size and not 0 <= labels.min() <= labels.max() < n_classes:
        raise ValueError(f"knn_vote: labels must lie in 0 … {n_classes - 1}, got {labels.min()} … {labels.max()}")
    counts = (labels[:, :, None] == np.arange(n_classes)).sum(axis=1)  # (Nq, C)
    y = counts.argmax(axis=1)  # (Nq,) the first, so the smallest, of the most frequent
    tie = (counts == counts.max(axis=1, keepdims=True)).sum(axis=1) > 1  # (Nq,)
    return y, counts, tie


def knn_predict(
    x_train: Real[Array, "Nt D"],
    y_train: Int[Array, "Nt"],
    x_test: Real[Array, "Nq D"],
    *,
    k: Between[1, "Nt"] = 1,
    metric: Literal["l1", "l2", "l2_gemm"] = "l2",
    chunk: Between[1, None] | None = None,
    ops=None,
):
    """y (Nq,): the vote of the k nearest. Queries are taken `chunk` at a time (None: all), to bound the memory of d."""
    if ops is None:
        from nnspec import reference as ops
    distance = {"l1": ops.l1_distance, "l2": ops.l2_distance, "l2_gemm": ops.l2_distance_gemm}[metric]
    chunk = chunk or max(1, len(x_test))
    y_test = [np.empty(0, np.int64)]
    for start in range(0, len(x_test), chunk):
        d = distance(x_test[start : start + chunk], x_train)  # (chunk, Nt)
        y, _, _ = ops.knn_vote(y_train[ops.knn_indices(d, k)])
        y_test.append(y)
    return np.concatenate(y_test)


def _floating(*arrays):
    """Integers as float64, floats as they are."""
    return [x if x.dtype.kind == "f" else x.astype(np.float64) for x in arrays]
