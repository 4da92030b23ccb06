"""One pass in each direction. The backward takes the margins anew: cheaper than to write and read them."""

import math

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean

from .._formula import elementwise, like, number, summed
from ._entrywise import reduced, upstream
from ._probabilities import NAN


def binary_hinge_forward(scores, y, *, cost=1.0, reduction="mean"):
    factor = cost / divisor_of_the_mean("binary_hinge_forward", reduction, scores=len(scores))

    def require_signs():
        if math.isnan(number(_astray(scores, y))):
            raise ValueError("binary_hinge_forward: y must be -1 or 1, the class itself and not its number 0 or 1")

    loss = reduced(_terms, _total, reduction, scores, y, factor, check=require_signs)
    return loss, (scores, y, factor, reduction)


def binary_hinge_backward(dloss, cache):
    scores, y, factor, reduction = cache
    return _slope(scores, y, upstream(dloss, reduction), factor)


def _term(s, y, factor):
    margin = like(s, 1) - (s if y == 1 else -s)
    term = like(s, 0) if margin <= like(s, 0) else factor * margin  # in this form NaN stays NaN
    return term if y == 1 or y == -1 else like(s, NAN)


_terms, _total = elementwise(_term), summed(_term)


@summed
def _astray(s, y):
    return like(s, 0) if y == 1 or y == -1 else like(s, NAN)


@elementwise
def _slope(s, y, dloss, factor):
    slope = factor * dloss if y == 1 else -factor * dloss
    return -slope if like(s, 1) - (s if y == 1 else -s) > like(s, 0) else like(s, 0)
