"""The objective of a softmax classifier. CS231n notes "Linear classification"; assignment 1, `softmax.py`,
`softmax_loss_vectorized`.

    L(w) = -1/N sum_n log p_{n,y_n} + reg sum w^2        p = softmax(x w), row by row
    dL/dw = x^T ds + 2 reg w                             ds = (p - onehot(y)) / N

w (D, C)    x (N, D)    y (N,) labels 0 … C-1    L: a scalar    dL/dw (D, C)

Written once, over the parts in `ops` (None: the reference). The penalty has no half. There is no bias beside w: with
the bias trick its last row is one, and bias_row=True keeps that out of the penalty; the assignment penalizes it too.
While w is small the loss is about log C.
"""

from nnspec.reference.n02_losses._linear_objective import linear_objective
from nnspec.shapes import Array, Float, Labels


def softmax_objective(
    w: Float[Array, "D C"],
    x: Float[Array, "N D"],
    y: Labels["N", "C"],
    *,
    reg: float = 0.0,
    bias_row: bool = False,
    ops=None,
):
    """(loss, dw)."""
    if ops is None:
        from nnspec import reference as ops
    return linear_objective("softmax_cross_entropy", w, x, y, reg, bias_row, ops)
