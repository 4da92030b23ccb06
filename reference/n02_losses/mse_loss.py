"""Mean squared error. Bishop 2006, eq. 3.12; CS231n notes "Neural networks", part 2, regression.

    term = (x - t)^2            dx = 2 (x - t) dloss
    term = 1/2 (x - t)^2        dx = (x - t) dloss        with half=True

x, t: one shape    loss: a scalar, or that shape with reduction="none"

"mean" divides by how many entries there are, as in PyTorch, not by N: a row of D numbers weighs as much as D rows of
one. Targets have no gradient.
"""

from typing import Literal

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced
from nnspec.shapes import Array, Float


def mse_loss_forward(
    x: Float[Array, "*shape"],
    t: Float[Array, "*shape"],
    *,
    reduction: Literal["mean", "sum", "none"] = "mean",
    half: bool = False,
):
    divisor = divisor_of_the_mean("mse_loss_forward", reduction, x=x.size)
    if half:
        divisor = 2 * divisor
    off = x - t  # (…)
    return reduced(off * off, reduction, divisor), (off, divisor)


def mse_loss_backward(dloss, cache):
    off, divisor = cache
    return 2 * off * (dloss / divisor)  # (…)
