"""The title. [? Whose is it: author year, arXiv number or course note, number of the equation ?]

    [? loss_n = …        dloss_n/ds_nc = … ?]

[? the shapes: scores (N, C)    y (N,) labels 0 … C-1    loss: a scalar, or (N,) with reduction="none" ?]

[? conventions: what is averaged, what holds at a kink; without this paragraph where there are none ?]
"""

from typing import Literal

from nnspec.shapes import Array, Float, Labels


def the_concept_forward(
    scores: Float[Array, "N C"],
    y: Labels["N", "C"],
    *,
    reduction: Literal["mean", "sum", "none"] = "mean",
):
    raise NotImplementedError("[? arguments with their shapes; return loss, (what the backward needs,) ?]")


def the_concept_backward(dloss, cache):
    raise NotImplementedError("[? unpack the cache; return dscores, times dloss, divided as the loss is ?]")
