"""Huber loss. Huber 1964, "Robust estimation of a location parameter", eq. 1.1 and section 4; Girshick 2015, eq. 3.

    term = r^2 / 2                  where |r| <= delta        dx = r dloss
    term = delta (|r| - delta/2)    beyond                    dx = delta sign(r) dloss        r = x - t

x, t: one shape    loss: a scalar, or that shape with reduction="none"

Both pieces and their slopes agree at |r| = delta. PyTorch's smooth L1 with beta = delta is this divided by delta.
"mean" divides by how many entries there are. Targets have no gradient.
"""

from typing import Literal

import numpy as np

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced
from nnspec.shapes import Array, Float


def huber_forward(
    x: Float[Array, "*shape"],
    t: Float[Array, "*shape"],
    *,
    delta: float = 1.0,
    reduction: Literal["mean", "sum", "none"] = "mean",
):
    if not delta > 0:
        raise ValueError(f"huber_forward: delta must be above 0, got {delta}")
    divisor = divisor_of_the_mean("huber_forward", reduction, x=x.size)
    off = x - t  # (…)
    slope = np.clip(off, -delta, delta)  # (…)
    return reduced(slope * (off - slope / 2), reduction, divisor), (slope, divisor)


def huber_backward(dloss, cache):
    slope, divisor = cache
    return slope * (dloss / divisor)  # (…)
