"""Binary cross-entropy from scores, the logistic loss. Bishop 2006, eq. 4.90 with p = sigmoid(s).

    term = -w y log p - (1 - y) log(1 - p) = w y softplus(-s) + (1 - y) softplus(s)
    ds = ((1 - y) p - w y (1 - p)) dloss        softplus(s) = log(1 + e^s)        1 - p = sigmoid(-s)

scores, y: one shape, y in [0, 1]    loss: a scalar, or that shape with reduction="none"    w: `pos_weight`, a number

Both softplus are taken from log(1 + e^-|s|): exp cannot overflow, and no logarithm is that of a p which was rounded to
0 or 1. "mean" divides by how many entries there are, whatever pos_weight. Targets have no gradient; they may lie
between 0 and 1.
"""

from typing import Literal

import numpy as np

from nnspec.reference.n02_losses._probabilities import require_probabilities
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced
from nnspec.shapes import Array, Float


def bce_with_logits_forward(
    scores: Float[Array, "*shape"],
    y: Float[Array, "*shape"],
    *,
    pos_weight: float = 1.0,
    reduction: Literal["mean", "sum", "none"] = "mean",
):
    require_probabilities("bce_with_logits_forward", y=y)
    divisor = divisor_of_the_mean("bce_with_logits_forward", reduction, scores=scores.size)
    tail = np.log1p(np.exp(-abs(scores)))  # (…)
    terms = pos_weight * y * (np.maximum(-scores, 0) + tail) + (1 - y) * (np.maximum(scores, 0) + tail)  # (…)
    return reduced(terms, reduction, divisor), (scores, y, pos_weight, divisor)


def bce_with_logits_backward(dloss, cache):
    scores, y, pos_weight, divisor = cache
    e = np.exp(-abs(scores))  # (…)
    larger, smaller = 1 / (1 + e), e / (1 + e)  # (…) sigmoid(|s|) and sigmoid(-|s|)
    p, rest = np.where(scores > 0, larger, smaller), np.where(scores > 0, smaller, larger)  # (…)
    return ((1 - y) * p - pos_weight * y * rest) * (dloss / divisor)  # (…)
