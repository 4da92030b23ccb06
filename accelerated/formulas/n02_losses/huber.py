"""One pass in each direction. Both pieces are the slope times what is left of the difference beyond half of it."""

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean

from .._formula import elementwise, inlined, like, summed
from ._entrywise import reduced, upstream


def huber_forward(x, t, *, delta=1.0, reduction="mean"):
    if not delta > 0:
        raise ValueError(f"huber_forward: delta must be above 0, got {delta}")
    factor = 1 / divisor_of_the_mean("huber_forward", reduction, x=x.size)
    return reduced(_terms, _total, reduction, x, t, delta, factor), (x, t, delta, factor, reduction)


def huber_backward(dloss, cache):
    x, t, delta, factor, reduction = cache
    return _slope(x, t, upstream(dloss, reduction), delta, factor)


@inlined
def _clipped(off, delta):
    return delta if off > delta else -delta if off < -delta else off


def _term(x, t, delta, factor):
    slope = _clipped(x - t, delta)
    return factor * slope * ((x - t) - like(x, 0.5) * slope)


_terms, _total = elementwise(_term), summed(_term)


@elementwise
def _slope(x, t, dloss, delta, factor):
    return factor * _clipped(x - t, delta) * dloss
