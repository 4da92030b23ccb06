"""Binary and one-vs-all hinge loss. Cortes and Vapnik 1995; CS231n notes "Linear classification", binary SVM, and
"Neural networks", part 2, attribute classification.

    term = cost max(0, 1 - y s)        ds = -cost y dloss where 1 - y s > 0, else 0

scores, y: one shape, y in {-1, 1}    loss: a scalar, or that shape with reduction="none"

Along the first axis are the examples, along others attributes, or classes of which each is told from the rest: their
terms are added up, and "mean" divides by N alone. A margin of exactly 0 has no gradient. Labels of 0 are refused, since
their terms would be constant. With two classes, s = s_1 - s_0 and delta 1 it is the multiclass loss. cost is the C of
the SVM literature, about 1/lambda.
"""

from typing import Literal

import numpy as np

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced
from nnspec.shapes import Array, Float, Int


def binary_hinge_forward(
    scores: Float[Array, "N *attributes"],
    y: Int[Array, "N *attributes"],
    *,
    cost: float = 1.0,
    reduction: Literal["mean", "sum", "none"] = "mean",
):
    if not ((y == 1) | (y == -1)).all():
        raise ValueError("binary_hinge_forward: y must be -1 or 1, the class itself and not its number 0 or 1")
    divisor = divisor_of_the_mean("binary_hinge_forward", reduction, scores=len(scores))
    sign = y.astype(scores.dtype)  # (N, …)
    margins = 1 - sign * scores  # (N, …)
    return reduced(cost * np.maximum(margins, 0), reduction, divisor), (margins > 0, sign, cost, divisor)


def binary_hinge_backward(dloss, cache):
    active, sign, cost, divisor = cache
    return np.where(active, -cost * sign, 0) * (dloss / divisor)  # (N, …)
