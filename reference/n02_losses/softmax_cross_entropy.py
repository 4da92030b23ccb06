"""Softmax cross-entropy loss from scores. Bishop 2006, eq. 4.62 and 4.108; CS231n notes "Linear classification".

    p_nc = exp(s_nc) / sum_j exp(s_nj)        loss_n = -weight_{y_n} log p_{n,y_n}

scores (N, C)    y (N,) labels 0 … C-1    weight (C,)    loss: a scalar, or (N,) with reduction="none"

"mean" divides by the summed weights of the labels, which without weights is the number of rows. A row labelled
`ignore_index` adds nothing, neither to the sum nor to the divisor, and so does one of weight 0, even if its scores are
infinite or NaN. Scores are shifted by their row maximum, which changes no probability and keeps exp from overflowing;
log p is never taken of a p that was rounded to 0.
"""

from typing import Literal

import numpy as np

from nnspec.shapes import Array, Float, Labels


def softmax_cross_entropy_forward(
    scores: Float[Array, "N C"],
    y: Labels["N", "C", "ignore_index"],
    *,
    reduction: Literal["mean", "sum", "none"] = "mean",
    ignore_index: int | None = None,
    weight: Float[Array, "C"] | None = None,
):
    share = _share_of_each_row(scores, y, reduction, ignore_index, weight)  # (N,)
    shifted = scores - scores.max(axis=1, keepdims=True)  # (N, C)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (N, C)
    label = np.where(share == 0, 0, y)  # (N,) ignore_index need not be a class
    loss = _without_unshared(share, -share * logp[np.arange(len(y)), label])  # (N,)
    return loss if reduction == "none" else loss.sum(), (np.exp(logp), y, share)


def softmax_cross_entropy_backward(dloss, cache):
    p, y, share = cache
    rows = np.flatnonzero(share)
    dscores = p.copy()  # (N, C)
    dscores[rows, y[rows]] -= 1  # p - onehot(y)
    return _without_unshared(share[:, None], dscores * (share * dloss)[:, None])  # (N, C)


def _without_unshared(share, x):
    """0 in rows of share 0: 0 times infinity would be NaN."""
    return np.where(share == 0, 0, x)


def _share_of_each_row(scores, y, reduction, ignore_index, weight):
    """(N,) what row n's -log p is multiplied by: its weight, 0 if ignored, over the divisor of the mean."""
    kept = np.ones(len(y), bool) if ignore_index is None else y != ignore_index  # (N,)
    share = kept.astype(scores.dtype)  # (N,)
    if weight is not None:
        share[kept] = weight[y[kept]]
    if reduction == "mean":
        if not share.sum() > 0:
            raise ValueError(
                f"softmax_cross_entropy_forward: no row of y counts, out of {len(y)}: the mean is undefined"
            )
        share = share / share.sum()
    return share
