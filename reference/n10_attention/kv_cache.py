"""Incremental decoding with a cache of keys and values. Shazeer 2019, arXiv:1911.02150, sec. 3; Pope et al. 2022.

    Q, k, v = x Wq + bq, x Wk + bk, x Wv + bv        K = [K; k], V = [V; v]        out = concat_h(A_h V_h) Wo + bo

x, out (N, T, E), the T newest tokens, mostly one    K, V (N, S, E) of the tokens before, and then (N, S + T, E)

Token by token it gives what `self_mha` gives under a causal mask for the whole sequence at once: the keys and values of
a token do not change when others follow it. So each step projects its own tokens alone, and its queries, which are the
last ones, see all that is kept and what came before them in x. Without K and V the sequence begins.

It is for use, not for training: there is no backward. Composed of parts: `ops` is their implementation (None: the
reference).
"""

import numpy as np

from nnspec.reference._network import Chain
from nnspec.reference.n10_attention.mha import Projections, _affine, _merged, _require_heads, _split
from nnspec.shapes import Array, Between, Float


def mha_step(
    x: Float[Array, "N T E"],
    params: Projections,
    K: Float[Array, "N S E"] | None = None,
    V: Float[Array, "N S E"] | None = None,
    *,
    heads: Between[1, None],
    ops=None,
):
    """out, and K and V with the keys and values of x behind them."""
    if ops is None:
        from nnspec import reference as ops
    _require_heads("mha_step", x, heads)
    if (K is None) != (V is None):
        raise ValueError("mha_step: K and V must be given together, or none of them")
    network = Chain(ops, params)
    q, k, v = (_affine(network, x, name) for name in "qkv")  # (N, T, E) each
    if K is not None:
        k, v = np.concatenate([K, k], axis=1), np.concatenate([V, v], axis=1)  # (N, S + T, E)
    mask = ops.causal_mask(x.shape[1], k.shape[1])  # (T, S + T) aligned to the end
    attended, _ = ops.sdpa_forward(*(_split(a, heads) for a in (q, k, v)), mask=mask)  # (N, heads, T, d)
    return _affine(network, _merged(attended), "o"), k, v
