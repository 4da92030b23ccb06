"""One pass in each direction, and one that looks for what is no probability."""

import math

from nnspec.reference.n02_losses._probabilities import require_base

from .._formula import elementwise, log
from ._probabilities import require_probabilities


def surprisal_forward(p, *, base=math.e):
    require_base("surprisal_forward", base)
    require_probabilities("surprisal_forward", p=p)
    return _surprisal(p, -1 / math.log(base)), (p, base)


def surprisal_backward(dout, cache):
    p, base = cache
    return _slope(p, dout, -1 / math.log(base))


@elementwise
def _surprisal(p, factor):
    return factor * log(p)


@elementwise
def _slope(p, dout, factor):
    return factor * dout / p
