"""One pass in each direction. The backward takes exp anew: cheaper than to write and read it."""

from functools import partial

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean

from .._formula import elementwise, exp, like, log1p, summed
from ._entrywise import reduced, upstream
from ._probabilities import NAN, require_probabilities


def bce_with_logits_forward(scores, y, *, pos_weight=1.0, reduction="mean"):
    factor = 1 / divisor_of_the_mean("bce_with_logits_forward", reduction, scores=scores.size)
    check = partial(require_probabilities, "bce_with_logits_forward", y=y)
    loss = reduced(_terms, _total, reduction, scores, y, pos_weight, factor, check=check)
    return loss, (scores, y, pos_weight, factor, reduction)


def bce_with_logits_backward(dloss, cache):
    scores, y, pos_weight, factor, reduction = cache
    return _slope(scores, y, upstream(dloss, reduction), pos_weight, factor)


def _term(s, y, pos_weight, factor):
    zero, one = like(s, 0), like(s, 1)
    tail = log1p(exp(-abs(s)))
    above, below = (s, zero) if s > zero else (zero, -s)
    term = pos_weight * y * (below + tail) + (one - y) * (above + tail)
    return factor * term if zero <= y <= one else like(s, NAN)


_terms, _total = elementwise(_term), summed(_term)


@elementwise
def _slope(s, y, dloss, pos_weight, factor):
    one, e = like(s, 1), exp(-abs(s))
    larger, smaller = one / (one + e), e / (one + e)
    p, rest = (larger, smaller) if s > like(s, 0) else (smaller, larger)
    return factor * ((one - y) * p - pos_weight * y * rest) * dloss
