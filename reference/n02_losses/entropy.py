"""Entropy of distributions. Shannon 1948, theorem 2; Cover and Thomas 2006, eq. 2.1.

    out = -sum_k p_k log_base p_k, with 0 log 0 = 0        dp_k = -(ln p_k + 1) / ln base dout

p: any shape, of one axis at least, distributions along `axis`    out: without that axis

In nats by default, in bits with base=2. It is 0 where one outcome is certain, and largest, log K, where all are alike.
The gradient is that of the sum, entry by entry: infinite at p = 0, and not projected to where the p_k sum to 1.
"""

import math

import numpy as np

from nnspec.reference.n02_losses._axis import require_axis
from nnspec.reference.n02_losses._probabilities import require_base, require_distributions
from nnspec.shapes import Array, Float


def entropy_forward(p: Float[Array, "*shape"], *, axis: int = -1, base: float = math.e):
    require_axis("entropy_forward", p, axis)
    require_base("entropy_forward", base)
    require_distributions("entropy_forward", axis, p=p)
    logs = np.log(np.where(p > 0, p, 1))  # (…) 0 where p is 0
    return -(p * logs).sum(axis=axis) / math.log(base), (p, axis, base)


def entropy_backward(dout, cache):
    p, axis, base = cache
    with np.errstate(divide="ignore"):
        slope = -(np.log(p) + 1) / math.log(base)  # (…)
    return slope * np.expand_dims(dout, axis)  # (…)
