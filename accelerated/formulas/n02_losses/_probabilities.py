"""Whether numbers are probabilities, in one pass over them."""

import math

from .._formula import like, number, summed

NAN = math.nan


def require_probabilities(op, **arrays):
    for name, p in arrays.items():
        if math.isnan(number(_outside(p))):
            raise ValueError(f"{op}: {name} must lie in [0, 1]")


@summed
def _outside(p):
    return like(p, 0) if like(p, 0) <= p <= like(p, 1) else like(p, NAN)
