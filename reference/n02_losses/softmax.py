"""Softmax. Bishop 2006, eq. 4.62; CS231n notes "Linear classification", practical issues: numeric stability.

    p_t = exp(x_t) / sum_s exp(x_s)        dx_t = p_t (dp_t - sum_s p_s dp_s)        along one axis

x, out: any shape, of one axis at least    axis: that of t and s, the last one by default

The largest score along the axis is subtracted from each, which changes no probability and keeps exp from overflowing.
A score of -inf has probability 0. Where all are -inf, or one is inf, the probabilities are NaN; `masked_softmax` gives
0 where nothing is allowed.
"""

import numpy as np

from nnspec.reference.n02_losses._axis import require_axis
from nnspec.shapes import Array, Float


def softmax_forward(x: Float[Array, "*shape"], *, axis: int = -1):
    require_axis("softmax_forward", x, axis)
    e = np.exp(x - x.max(axis=axis, keepdims=True, initial=-np.inf))  # (…)
    p = e / e.sum(axis=axis, keepdims=True)  # (…)
    return p, (p, axis)


def softmax_backward(dout, cache):
    p, axis = cache
    along = (p * dout).sum(axis=axis, keepdims=True)  # (…, 1, …) the mean of dout under p
    return p * (dout - along)  # (…)
