"""Multiclass SVM (hinge) loss. Weston and Watkins 1999; CS231n notes "Linear classification".

    loss_n = sum_{j != y_n} max(0, s_nj - s_{n,y_n} + delta)        dloss_n/ds_nj = 1 where that margin is > 0

scores (N, C)    y (N,) labels 0 … C-1    loss: a scalar, or (N,) with reduction="none"

A margin of exactly 0 has no gradient. The sum over the wrong classes is not divided by C; PyTorch's MultiMarginLoss is.
"""

from typing import Literal

import numpy as np

from nnspec.shapes import Array, Float, Labels


def svm_loss_forward(
    scores: Float[Array, "N C"],
    y: Labels["N", "C"],
    *,
    delta: float = 1.0,
    reduction: Literal["mean", "sum", "none"] = "mean",
):
    if reduction == "mean" and len(y) == 0:
        raise ValueError("svm_loss_forward: y must hold at least one label: the mean of no rows is undefined")
    rows = np.arange(len(y))
    margins = scores - scores[rows, y][:, None] + delta  # (N, C)
    margins[rows, y] = 0
    loss = np.maximum(margins, 0).sum(axis=1)  # (N,)
    divisor = len(y) if reduction == "mean" else 1
    return (loss if reduction == "none" else loss.sum()) / divisor, (margins > 0, y, divisor)


def svm_loss_backward(dloss, cache):
    active, y, divisor = cache
    dscores = active.astype(dloss.dtype)  # (N, C)
    dscores[np.arange(len(y)), y] = -active.sum(axis=1)  # each active margin lowers the score of the right class
    return dscores * (dloss / divisor)[..., None]  # (N, C)
