"""Mean absolute error, the L1 loss. CS231n notes "Neural networks", part 2, regression.

    term = |x - t|        dx = sign(x - t) dloss, with sign(0) = 0

x, t: one shape    loss: a scalar, or that shape with reduction="none"

"mean" divides by how many entries there are, as in PyTorch. Targets have no gradient.
"""

from typing import Literal

import numpy as np

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced
from nnspec.shapes import Array, Float


def l1_loss_forward(
    x: Float[Array, "*shape"],
    t: Float[Array, "*shape"],
    *,
    reduction: Literal["mean", "sum", "none"] = "mean",
):
    divisor = divisor_of_the_mean("l1_loss_forward", reduction, x=x.size)
    off = x - t  # (…)
    return reduced(abs(off), reduction, divisor), (off, divisor)


def l1_loss_backward(dloss, cache):
    off, divisor = cache
    return np.sign(off) * (dloss / divisor)  # (…)
