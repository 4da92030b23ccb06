"""Masked softmax. Vaswani et al. 2017, "Attention is all you need", sec. 3.2.3; Bishop 2006, eq. 4.62, over a subset.

    out_t = exp(x_t) / sum_{s allowed} exp(x_s)  where t is allowed, else 0

x, out (…, T), softmax over the last axis    mask: broadcasts to x, True = allowed (None: all are)

A score that is not allowed counts as -inf before the softmax, whatever stands there. A row in which nothing is allowed
gives zeros, and so does its gradient. The largest allowed score of each row is subtracted, so that exp cannot overflow.
"""

import numpy as np

from nnspec.shapes import Array, Bool, Float


def masked_softmax_forward(x: Float[Array, "*batch T"], *, mask: Bool[Array, "*#batch T"] | None = None):
    scores = x if mask is None else np.where(mask, x, -np.inf)  # (…, T)
    top = scores.max(axis=-1, keepdims=True, initial=-np.inf)  # (…, 1)
    e = np.exp(scores - np.where(top == -np.inf, 0, top))  # (…, T) all 0 where nothing is allowed
    total = e.sum(axis=-1, keepdims=True)  # (…, 1)
    out = e / np.where(total == 0, 1, total)  # (…, T)
    return out, (out,)


def masked_softmax_backward(dout, cache):
    (out,) = cache
    along = (dout * out).sum(axis=-1, keepdims=True)  # (…, 1) the mean of dout under out
    return out * (dout - along)  # (…, T)
