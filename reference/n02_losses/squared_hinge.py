"""Squared hinge loss (L2-SVM). CS231n notes "Linear classification", multiclass SVM; Tang 2013, arXiv:1306.0239.

    loss_n = sum_{j != y_n} max(0, m_nj)^2        m_nj = s_nj - s_{n,y_n} + delta
    dloss_n/ds_nj = 2 max(0, m_nj) for j != y_n, and minus their sum for j = y_n

scores (N, C)    y (N,) labels 0 … C-1    loss: a scalar, or (N,) with reduction="none"

A margin that is missed by much costs more than several that are missed by little. There is no kink where a margin is
just met: the slope begins at 0. Like the SVM loss it is not divided by C; PyTorch's MultiMarginLoss with p=2 is.
"""

from typing import Literal

import numpy as np

from nnspec.shapes import Array, Float, Labels


def squared_hinge_forward(
    scores: Float[Array, "N C"],
    y: Labels["N", "C"],
    *,
    delta: float = 1.0,
    reduction: Literal["mean", "sum", "none"] = "mean",
):
    if reduction == "mean" and len(y) == 0:
        raise ValueError("squared_hinge_forward: y must hold at least one label: the mean of no rows is undefined")
    rows = np.arange(len(y))
    margins = scores - scores[rows, y][:, None] + delta  # (N, C)
    margins[rows, y] = 0
    missed = np.maximum(margins, 0)  # (N, C)
    loss = (missed * missed).sum(axis=1)  # (N,)
    divisor = len(y) if reduction == "mean" else 1
    return (loss if reduction == "none" else loss.sum()) / divisor, (missed, y, divisor)


def squared_hinge_backward(dloss, cache):
    missed, y, divisor = cache
    dscores = 2 * missed  # (N, C)
    dscores[np.arange(len(y)), y] = -dscores.sum(axis=1)
    return dscores * (dloss / divisor)[..., None]  # (N, C)
