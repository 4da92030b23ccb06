"""Multi-head attention. Vaswani et al. 2017, "Attention is all you need", sec. 3.2.2; CS231n, assignment 3,
`MultiHeadAttention`.

    Q = q Wq + bq        K = k Wk + bk        V = v Wv + bv        each cut into heads of d = E / heads columns
    A_h = softmax(Q_h K_h^T / sqrt(d))        out = concat_h(A_h V_h) Wo + bo

    mha              queries q attend to keys k, which stand for values v
    self_mha         q = k = v = x: a sequence attends to itself, so that dx has three parts
    attention_map    A, how much each query takes of each value, for people to look at

q, out (N, Tq, E)    k, v (N, Tk, E)    x (N, T, E)    W (E, E)    b (E,)    A (N, heads, Tq, Tk)

mask: broadcasts to (N, heads, Tq, Tk), True = may attend, as in `sdpa_forward`; PyTorch's `MultiheadAttention` has the
opposite. The mask of `causal_mask` makes it causal. A query that may attend to nothing gives bo. PyTorch stores the
transposes of the weights, Wq, Wk and Wv one below the other.

Blocks: each is written once, and `ops` is the implementation of its parts (None: the reference). Nothing drops entries
of A: no fused attention ever holds all of it. What comes out may go through dropout, as in `encoder_layer`.
"""

import numpy as np

from nnspec.reference._network import Chain, added
from nnspec.shapes import Array, Between, Bool, Float, Params

Projections = Params["Wq: E E", "bq: E", "Wk: E E", "bk: E", "Wv: E E", "bv: E", "Wo: E E", "bo: E"]


def mha_forward(
    q: Float[Array, "N Tq E"],
    k: Float[Array, "N Tk E"],
    v: Float[Array, "N Tk E"],
    params: Projections,
    *,
    heads: Between[1, None],
    mask: Bool[Array, "*scores"] | None = None,
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    _require_heads("mha_forward", q, heads)
    into = [Chain(ops, params) for _ in "qkv"]
    projected = [_affine(network, x, name) for network, x, name in zip(into, (q, k, v), "qkv", strict=True)]
    attended, attention_cache = ops.sdpa_forward(*(_split(x, heads) for x in projected), mask=mask)  # (N, heads, Tq, d)
    out_of = Chain(ops, params)
    out = _affine(out_of, _merged(attended), "o")  # (N, Tq, E)
    return out, (ops, into, attention_cache, out_of, heads)


def mha_backward(dout, cache):
    ops, into, attention_cache, out_of, heads = cache
    dmerged, grads = _affine_back(out_of, dout)  # (N, Tq, E)
    dsplit = ops.sdpa_backward(_split(dmerged, heads), attention_cache)  # (N, heads, T, d) each
    back = [_affine_back(network, _merged(dx)) for network, dx in zip(into, dsplit, strict=True)]
    (dq, dk, dv), of_projections = zip(*back, strict=True)
    return dq, dk, dv, added(*of_projections, grads)


def self_mha_forward(
    x: Float[Array, "N T E"],
    params: Projections,
    *,
    heads: Between[1, None],
    mask: Bool[Array, "*scores"] | None = None,
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    out, cache = ops.mha_forward(x, x, x, params, heads=heads, mask=mask)  # (N, T, E)
    return out, (ops, cache)


def self_mha_backward(dout, cache):
    ops, cache = cache
    dq, dk, dv, grads = ops.mha_backward(dout, cache)  # (N, T, E) each
    return dq + dk + dv, grads


def attention_map(
    q: Float[Array, "N Tq E"],
    k: Float[Array, "N Tk E"],
    params: Projections,
    *,
    heads: Between[1, None],
    mask: Bool[Array, "*scores"] | None = None,
    ops=None,
):
    """A (N, heads, Tq, Tk): each row sums to 1, or is 0 where a query may attend to nothing.

    It is what attention gives for values that are the unit vectors.
    """
    if ops is None:
        from nnspec import reference as ops
    _require_heads("attention_map", q, heads)
    Q, K = (_split(_affine(Chain(ops, params), x, name), heads) for x, name in ((q, "q"), (k, "k")))
    unit = np.broadcast_to(np.eye(K.shape[2], dtype=K.dtype), (*K.shape[:3], K.shape[2]))  # (N, heads, Tk, Tk)
    A, _ = ops.sdpa_forward(Q, K, unit, mask=mask)
    return A


def _affine(network, x, name):
    """x W + b of every row of x (N, T, E)."""
    return network("affine", x.reshape(-1, x.shape[-1]), f"W{name}", f"b{name}").reshape(x.shape)


def _affine_back(network, dout):
    dx, grads = network.back(dout.reshape(-1, dout.shape[-1]))
    return dx.reshape(dout.shape), grads


def _split(x, heads):
    """(N, T, E) -> (N, heads, T, d): the columns of a head are neighbours."""
    N, T, E = x.shape
    return x.reshape(N, T, heads, E // heads).swapaxes(1, 2)


def _merged(x):
    """(N, heads, T, d) -> (N, T, E): back into the columns that they came from."""
    N, heads, T, d = x.shape
    return x.swapaxes(1, 2).reshape(N, T, heads * d)


def _require_heads(op, x, heads):
    if x.shape[-1] % heads:
        raise ValueError(f"{op}: heads must divide E = {x.shape[-1]}, got {heads}")
