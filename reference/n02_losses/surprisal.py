"""Surprisal, or self-information. Shannon 1948, section 6; Cover and Thomas 2006, section 2.1.

    out = -log_base p = -ln p / ln base        dp = -dout / (p ln base)

p, out: any shape, entry by entry, p in [0, 1]

p is the probability that an event had before it came. What is certain is no surprise, and what is impossible an
infinite one; of two independent events, whose probabilities multiply, the surprisals add up: hence the logarithm. In
nats by default, in bits with base=2: a fair coin's is 1 bit. Its expectation is the entropy.
"""

import math

import numpy as np

from nnspec.reference.n02_losses._probabilities import require_base, require_probabilities
from nnspec.shapes import Array, Float


def surprisal_forward(p: Float[Array, "*shape"], *, base: float = math.e):
    require_base("surprisal_forward", base)
    require_probabilities("surprisal_forward", p=p)
    with np.errstate(divide="ignore"):  # -log 0 = inf is meant
        return -np.log(p) / math.log(base), (p, base)


def surprisal_backward(dout, cache):
    p, base = cache
    with np.errstate(divide="ignore"):
        return -dout / (p * math.log(base))
