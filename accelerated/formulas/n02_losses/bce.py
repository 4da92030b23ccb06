"""One pass in each direction."""

import math
from functools import partial

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean
from nnspec.reference.n02_losses.bce import BOUND

from .._formula import elementwise, inlined, like, log, log1p, summed
from ._entrywise import reduced, upstream
from ._probabilities import NAN, require_probabilities

SMALLEST = math.exp(BOUND)


def bce_forward(p, y, *, reduction="mean"):
    factor = 1 / divisor_of_the_mean("bce_forward", reduction, p=p.size)
    check = partial(require_probabilities, "bce_forward", p=p, y=y)
    return reduced(_terms, _total, reduction, p, y, factor, check=check), (p, y, factor, reduction)


def bce_backward(dloss, cache):
    p, y, factor, reduction = cache
    return _slope(p, y, upstream(dloss, reduction), factor)


@inlined
def _bounded(logarithm):
    bound = like(logarithm, BOUND)
    return logarithm if logarithm > bound else bound


def _term(p, y, factor):
    zero, one = like(p, 0), like(p, 1)
    inside = zero <= p <= one and zero <= y <= one
    sum_of_logs = y * _bounded(log(p)) + (one - y) * _bounded(log1p(-p)) if inside else like(p, NAN)
    return -factor * sum_of_logs


_terms, _total = elementwise(_term), summed(_term)


@elementwise
def _slope(p, y, dloss, factor):
    zero, one = like(p, 0), like(p, 1)
    right = y / p if p > like(p, SMALLEST) else zero
    wrong = (one - y) / (one - p) if p < one else zero
    return factor * (wrong - right) * dloss
