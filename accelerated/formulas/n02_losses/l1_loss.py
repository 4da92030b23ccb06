"""One pass in each direction. The backward takes the differences anew: cheaper than to write and read them."""

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean

from .._formula import elementwise, summed
from ._entrywise import reduced, upstream


def l1_loss_forward(x, t, *, reduction="mean"):
    factor = 1 / divisor_of_the_mean("l1_loss_forward", reduction, x=x.size)
    return reduced(_terms, _total, reduction, x, t, factor), (x, t, factor, reduction)


def l1_loss_backward(dloss, cache):
    x, t, factor, reduction = cache
    return _slope(x, t, upstream(dloss, reduction), factor)


def _term(x, t, factor):
    return factor * abs(x - t)


_terms, _total = elementwise(_term), summed(_term)


@elementwise
def _slope(x, t, dloss, factor):
    above, below = x > t, x < t
    return factor * dloss if above else -factor * dloss if below else (x - t) * dloss  # 0, or NaN
