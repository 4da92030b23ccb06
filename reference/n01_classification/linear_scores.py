"""Linear classifier: scores, and the class they predict. CS231n notes "Linear classification"; assignment 1,
`LinearClassifier`.

    s_nc = sum_d x_nd w_dc + b_c        y_n = the class c with the largest s_nc

x (N, D)    w (D, C)    b (C,), or None: w has a row for it, see `append_ones`    s (N, C)    y (N,) int64

The scores are an affine layer, whatever implementation of it stands in `ops` (None: the reference). Among equal scores
the smallest class wins. A score of NaN has no place in an order, and is refused. `scores_cols` has samples and classes
as the notes write them, s = W x with a sample in each column.
"""

import numpy as np

from nnspec.shapes import Array, Float


def linear_scores_forward(
    x: Float[Array, "N D"], w: Float[Array, "D C"], b: Float[Array, "C"] | None = None, *, ops=None
):
    if ops is None:
        from nnspec import reference as ops
    bias = np.zeros(w.shape[1], w.dtype) if b is None else b
    scores, cache = ops.affine_forward(x, w, bias)  # (N, C)
    return scores, (ops, cache, b is not None)


def linear_scores_backward(dout, cache):
    ops, affine_cache, biased = cache
    dx, dw, db = ops.affine_backward(dout, affine_cache)
    return dx, dw, db if biased else None


def linear_predict(x: Float[Array, "N D"], w: Float[Array, "D C"], b: Float[Array, "C"] | None = None, *, ops=None):
    """y (N,): argmax takes the first of equal scores."""
    if ops is None:
        from nnspec import reference as ops
    if w.shape[1] == 0:
        raise ValueError("linear_predict: w must have a column for at least one class, got none")
    scores, _ = ops.linear_scores_forward(x, w, b)  # (N, C)
    if np.isnan(scores).any():
        raise ValueError("linear_predict: the scores of x and w must not be NaN: it has no place in an order")
    return scores.argmax(axis=1)


def scores_cols(w: Float[Array, "C D"], x: Float[Array, "D N"], b: Float[Array, "C"] | None = None, *, ops=None):
    """s (C, N) of samples that are columns."""
    if ops is None:
        from nnspec import reference as ops
    scores, _ = ops.linear_scores_forward(x.T, w.T, b)  # (N, C)
    return scores.T
