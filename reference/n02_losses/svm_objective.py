"""The objective of a linear SVM. CS231n notes "Linear classification" and "Optimization"; assignment 1,
`linear_svm.py`, `svm_loss_vectorized`.

    L(w) = 1/N sum_n sum_{j != y_n} max(0, s_nj - s_{n,y_n} + delta) + reg sum w^2        s = x w
    dL/dw = x^T ds + 2 reg w

w (D, C)    x (N, D)    y (N,) labels 0 … C-1    L: a scalar    dL/dw (D, C)

Written once, over the parts in `ops` (None: the reference). The penalty has no half. There is no bias beside w: with
the bias trick its last row is one, and bias_row=True keeps that out of the penalty; the assignment penalizes it too.
"""

from nnspec.reference.n02_losses._linear_objective import linear_objective
from nnspec.shapes import Array, Float, Labels


def svm_objective(
    w: Float[Array, "D C"],
    x: Float[Array, "N D"],
    y: Labels["N", "C"],
    *,
    reg: float = 0.0,
    delta: float = 1.0,
    bias_row: bool = False,
    ops=None,
):
    """(loss, dw)."""
    if ops is None:
        from nnspec import reference as ops
    return linear_objective("svm_loss", w, x, y, reg, bias_row, ops, delta=delta)
