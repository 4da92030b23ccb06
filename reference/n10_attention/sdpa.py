"""Scaled dot-product attention. Vaswani et al. 2017, "Attention is all you need", eq. 1 and sec. 3.2.3.

    out = softmax(scale q k^T) v        scale = 1 / sqrt(d), softmax over the keys that a query may attend to

q (…, Tq, d) queries    k (…, Tk, d) keys    v (…, Tk, dv) values    out (…, Tq, dv)
mask: broadcasts to (…, Tq, Tk), True = may attend (None: everywhere)

The polarity of the mask is that of PyTorch's `scaled_dot_product_attention`, the opposite of its `MultiheadAttention`.
A query that may attend to nothing, because of the mask or for want of keys, gives 0 and has gradient 0. What stands in
such a query, and in a key and a value that no query may attend to, changes nothing, not even if it is infinite or NaN.
d is what one head has: with several heads, the heads are axes in front.
"""

import math

import numpy as np

from nnspec.reference.n10_attention.masked_softmax import masked_softmax_backward, masked_softmax_forward
from nnspec.shapes import Array, Bool, Float


def sdpa_forward(
    q: Float[Array, "*batch Tq d"],
    k: Float[Array, "*batch Tk d"],
    v: Float[Array, "*batch Tk dv"],
    *,
    mask: Bool[Array, "*#batch #Tq #Tk"] | None = None,
    scale: float | None = None,
):
    if scale is None:
        scale = 1 / math.sqrt(q.shape[-1])
    if mask is not None:
        attends, attended = mask.any(axis=-1), mask.any(axis=-2)  # (…, Tq), (…, Tk)
        q, k, v = _rows_of(attends, q), _rows_of(attended, k), _rows_of(attended, v)
    scores = scale * (q @ k.swapaxes(-1, -2))  # (…, Tq, Tk)
    p, softmax_cache = masked_softmax_forward(scores, mask=mask)  # (…, Tq, Tk)
    return p @ v, (q, k, v, p, softmax_cache, scale)  # (…, Tq, dv)


def sdpa_backward(dout, cache):
    q, k, v, p, softmax_cache, scale = cache
    dout = _rows_of((p != 0).any(axis=-1), dout)  # (…, Tq, dv)
    dv = p.swapaxes(-1, -2) @ dout  # (…, Tk, dv)
    dp = dout @ v.swapaxes(-1, -2)  # (…, Tq, Tk)
    dscores = scale * masked_softmax_backward(dp, softmax_cache)  # (…, Tq, Tk)
    dq = dscores @ k  # (…, Tq, d)
    dk = dscores.swapaxes(-1, -2) @ q  # (…, Tk, d)
    return dq, dk, dv


def _rows_of(taking_part, x):
    """0 in the other rows: what nothing is multiplied by must not be infinite or NaN."""
    return np.where(taking_part[..., None], x, 0)
