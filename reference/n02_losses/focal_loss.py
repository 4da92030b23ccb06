"""Focal loss from scores. Lin et al. 2017, arXiv:1708.02002, eq. 4 and 5, with a softmax for several classes.

    p_nc = exp(s_nc) / sum_j exp(s_nj)        loss_n = -alpha_{y_n} (1 - p)^gamma log p        p = p_{n,y_n}
    dloss_n/ds_nc = alpha_{y_n} (1 - p)^gamma (gamma p log p / (1 - p) - 1) ([c = y_n] - p_nc)

scores (N, C)    y (N,) labels 0 … C-1    alpha (C,)    loss: a scalar, or (N,) with reduction="none"

What is nearly right already counts less: gamma = 0 is the softmax cross-entropy, and the larger gamma is, the less.
alpha is a weight for each class, none by default; "mean" divides by N all the same, as everybody's does. Two classes
with the scores 0 and x are the paper's own form, a sigmoid of x, with alpha = (1 - a, a).

1 - p is the sum of the other probabilities, so that it is not lost where p rounds to 1. Where it is 0, so are loss and
gradient for every gamma: log p / (1 - p) tends to -1, while (1 - p)^(gamma - 1) alone is not finite below gamma = 1.
log p is never taken of a p that was rounded to 0.
"""

from typing import Literal

import numpy as np

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced
from nnspec.shapes import Array, Float, Labels


def focal_loss_forward(
    scores: Float[Array, "N C"],
    y: Labels["N", "C"],
    *,
    gamma: float = 2.0,
    alpha: Float[Array, "C"] | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
):
    if not gamma >= 0:
        raise ValueError(f"focal_loss_forward: gamma must be at least 0, got {gamma}")
    divisor = divisor_of_the_mean("focal_loss_forward", reduction, y=len(y))
    rows = np.arange(len(y))
    shifted = scores - scores.max(axis=1, keepdims=True)  # (N, C)
    weights = np.exp(shifted)  # (N, C)
    total = weights.sum(axis=1)  # (N,)
    p = weights / total[:, None]  # (N, C)
    others = p.copy()  # (N, C)
    others[rows, y] = 0
    rest = others.sum(axis=1)  # (N,) 1 - p
    logp = np.where(rest < 0.5, np.log1p(-np.minimum(rest, 0.5)), shifted[rows, y] - np.log(total))  # (N,)
    share = np.ones_like(rest) if alpha is None else alpha[y]  # (N,)
    modulated = share * rest**gamma  # (N,)
    cache = (others, p[rows, y], rest, logp, modulated, gamma, y, divisor)
    return reduced(-modulated * logp, reduction, divisor), cache


def focal_loss_backward(dloss, cache):
    others, p, rest, logp, modulated, gamma, y, divisor = cache
    ratio = logp / np.where(rest > 0, rest, 1)  # (N,) where 1 - p is 0 a factor is, too
    slope = modulated * (gamma * p * ratio - 1)  # (N,) dloss_n/dlogp
    dscores = -others  # (N, C) [c = y] - p
    dscores[np.arange(len(y)), y] = rest
    return dscores * (slope * dloss / divisor)[:, None]
