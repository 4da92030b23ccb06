"""Masked softmax. Vaswani et al. 2017, "Attention is all you need", sec. 3.2.3; Bishop 2006, eq. 4.62, over a subset.

    out_t = exp(x_t) / sum_{s allowed} exp(x_s)  where t is allowed, else 0

x, out (…, T), softmax over the last axis    mask: broadcasts to x, True = allowed (None: all are)

A score that is not allowed counts as -inf before the softmax, whatever stands there. A row in which nothing is allowed
gives zeros, and so does its gradient. The largest allowed score of each row is subtracted, so that exp cannot overflow.
Where out is 0, dout is not looked at either.
"""

import numpy as np

from nnspec.shapes import Array, Bool, Float


def masked_softmax_forward(x: Float[Array, "*batch T"], *, mask: Bool[Array, "*#batch T"] | None = None):
    allowed = True if mask is None else mask
    scores = np.where(allowed, x, -np.inf)  # (…, T)
    top = scores.max(axis=-1, keepdims=True, initial=np.finfo(x.dtype).min)  # (…, 1) finite where nothing is allowed
    e = np.where(allowed, np.exp(scores - top), 0)  # (…, T) 0 also beside a score of NaN
    out = np.divide(e, e.sum(axis=-1, keepdims=True), out=np.zeros_like(e), where=e != 0)  # (…, T)
    return out, (out,)


def masked_softmax_backward(dout, cache):
    (out,) = cache
    along = np.where(out == 0, 0, dout * out).sum(axis=-1, keepdims=True)  # (…, 1) the mean of dout under out
    return np.where(out == 0, 0, out * (dout - along))  # (…, T) 0 times infinity would be NaN
