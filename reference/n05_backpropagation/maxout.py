"""Maxout: the largest of several affine pieces. Goodfellow et al. 2013, arXiv:1302.4389, section 2; CS231n notes
"Neural networks part 1".

    out_nm = max_p (x_n w_p + b_p)_m        the gradient goes to the piece that won, the first of equals

x (N, D)    w (P, D, M)    b (P, M)    out (N, M)

With two pieces, one of which is 0, it is a ReLU, with |x| and leaky ReLU among the others; it has P times the
parameters.

A block: all pieces are one affine map to P M numbers, and a maximum over P. It is written once, and `ops` is the
implementation of its parts (None: the reference).
"""

from nnspec.shapes import Array, Float


def maxout_forward(x: Float[Array, "N D"], w: Float[Array, "P D M"], b: Float[Array, "P M"], *, ops=None):
    if ops is None:
        from nnspec import reference as ops
    P, D, M = w.shape
    beside = w.transpose(1, 0, 2).reshape(D, P * M)  # (D, P M) piece beside piece
    pieces, affine_cache = ops.affine_forward(x, beside, b.reshape(P * M))  # (N, P M)
    out, max_cache = ops.reduce_max_forward(pieces.reshape(len(x), P, M), axis=1)  # (N, M)
    return out, (ops, w.shape, affine_cache, max_cache)


def maxout_backward(dout, cache):
    ops, (P, D, M), affine_cache, max_cache = cache
    dpieces = ops.reduce_max_backward(dout, max_cache)  # (N, P, M)
    dx, dbeside, db = ops.affine_backward(dpieces.reshape(len(dout), P * M), affine_cache)
    dw = dbeside.reshape(D, P, M).transpose(1, 0, 2)  # (P, D, M)
    return dx, dw, db.reshape(P, M)
