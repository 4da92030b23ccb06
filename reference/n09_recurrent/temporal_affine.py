"""Affine layer at every step of a sequence. CS231n, assignment 3, `rnn_layers.py`, `temporal_affine_forward`.

    out_nt = x_nt w + b        dx_nt = dout_nt w^T        dw = sum_nt x_nt^T dout_nt        db = sum_nt dout_nt

x (N, T, D)    w (D, M)    b (M,)    out (N, T, M)

A block: it is written once, and `ops` is the implementation of its part (None: the reference). Every step is a sample
of its own, so that the N T of them are one batch.
"""

from nnspec.shapes import Array, Float


def temporal_affine_forward(
    x: Float[Array, "N T D"],
    w: Float[Array, "D M"],
    b: Float[Array, "M"],
    *,
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    (N, T, D), M = x.shape, len(b)
    out, cache = ops.affine_forward(x.reshape(N * T, D), w, b)  # (N T, M)
    return out.reshape(N, T, M), (ops, x.shape, cache)


def temporal_affine_backward(dout, cache):
    ops, (N, T, D), affine_cache = cache
    dx, dw, db = ops.affine_backward(dout.reshape(N * T, dout.shape[2]), affine_cache)
    return dx.reshape(N, T, D), dw, db
