"""Binary cross-entropy of probabilities. Bishop 2006, eq. 4.90; PyTorch's `BCELoss`, which has the bound.

    term = -y max(log p, -100) - (1 - y) max(log(1 - p), -100)        dp = ((1 - y) / (1 - p) - y / p) dloss

p, y: one shape, both in [0, 1]    loss: a scalar, or that shape with reduction="none"

The bound keeps the loss finite where p is 0 or 1: it is 100 there for a wrong label. Where a logarithm is bounded it is
constant, and adds nothing to dp. "mean" divides by how many entries there are. Targets have no gradient; they may lie
between 0 and 1. From scores take `bce_with_logits`, which needs no bound.
"""

import math
from typing import Literal

import numpy as np

from nnspec.reference.n02_losses._probabilities import require_probabilities
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced
from nnspec.shapes import Array, Float

BOUND = -100  # of a logarithm


def bce_forward(
    p: Float[Array, "*shape"],
    y: Float[Array, "*shape"],
    *,
    reduction: Literal["mean", "sum", "none"] = "mean",
):
    require_probabilities("bce_forward", p=p, y=y)
    divisor = divisor_of_the_mean("bce_forward", reduction, p=p.size)
    with np.errstate(divide="ignore"):  # log 0 is below the bound
        log_p, log_rest = np.maximum(np.log(p), BOUND), np.maximum(np.log1p(-p), BOUND)  # (…)
    return reduced(-y * log_p - (1 - y) * log_rest, reduction, divisor), (p, y, divisor)


def bce_backward(dloss, cache):
    p, y, divisor = cache
    bounded, rest_bounded = p <= math.exp(BOUND), p == 1  # (…)
    right = np.where(bounded, 0, y / np.where(bounded, 1, p))  # (…)
    wrong = np.where(rest_bounded, 0, (1 - y) / np.where(rest_bounded, 1, 1 - p))  # (…)
    return (wrong - right) * (dloss / divisor)  # (…)
