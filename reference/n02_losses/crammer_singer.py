"""Structured SVM loss. Crammer and Singer 2001, section 3; CS231n notes "Linear classification", "Other multiclass SVM
formulations".

    loss_n = max(0, m_nk)        m_nj = s_nj - s_{n,y_n} + delta        k = argmax_{j != y_n} s_nj
    dloss_n/ds_nk = 1 and dloss_n/ds_{n,y_n} = -1 where m_nk is > 0, all else 0

scores (N, C)    y (N,) labels 0 … C-1    loss: a scalar, or (N,) with reduction="none"

Only the wrong class that comes closest counts, while the SVM loss adds up all of them. Of equal scores the first one is
it, a margin of exactly 0 has no gradient, and where there is no other class there is no loss.
"""

from typing import Literal

import numpy as np

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced
from nnspec.shapes import Array, Float, Labels


def crammer_singer_forward(
    scores: Float[Array, "N C"],
    y: Labels["N", "C"],
    *,
    delta: float = 1.0,
    reduction: Literal["mean", "sum", "none"] = "mean",
):
    divisor = divisor_of_the_mean("crammer_singer_forward", reduction, y=len(y))
    rows = np.arange(len(y))
    margins = scores - scores[rows, y][:, None] + delta  # (N, C)
    margins[rows, y] = -np.inf
    top = margins.max(axis=1, keepdims=True)  # (N, 1)
    loss = np.maximum(top[:, 0], 0)  # (N,)
    return reduced(loss, reduction, divisor), (margins == top, loss > 0, y, divisor)


def crammer_singer_backward(dloss, cache):
    closest, active, y, divisor = cache
    slope = np.where(active, dloss / divisor, 0)  # (N,)
    rows = np.arange(len(y))
    dscores = np.zeros(closest.shape, slope.dtype)  # (N, C)
    dscores[rows, closest.argmax(axis=1)] = slope  # the first of equals
    dscores[rows, y] -= slope
    return dscores
