"""NT-Xent, the contrastive loss of SimCLR. Chen et al. 2020, arXiv:2002.05709, eq. 1 and algorithm 1; CS231n,
assignment 3, `contrastive_loss.py`: `simclr_loss_naive`, `simclr_loss_vectorized`.

    z = [zl; zr]        u_i = z_i / |z_i|        s_ij = u_i . u_j / tau
    loss_i = -log(exp(s_i,p(i)) / sum_{k != i} exp(s_ik))        p(i): the other view of what i is a view of

zl, zr (N, D): two views of N samples, row by row    z (2N, D)    s (2N, 2N)
loss: a scalar, or (2N,) with reduction="none", left views first

Two views of one sample are to point in one direction, and away from all others. Only directions count: the gradient is
at right angles to z_i, and smaller the longer that is. Nothing is compared with itself. "mean" is over the 2N views.
tau is the temperature, of which papers choose 0.05 to 1: it has no default. With N = 1 there is nothing to tell apart:
loss and gradient are 0; N = 0 is refused. A vector of zeros has no direction: its similarity to all is 0, and it has no
gradient.

A block: products are `matmul`, and the loss of the similarities is `softmax_cross_entropy`, of `ops` (None: the
reference), in which what is compared with itself is as unlikely as can be.
"""

from typing import Literal

import numpy as np

from nnspec.shapes import Array, Float


def nt_xent_forward(
    zl: Float[Array, "N D"],
    zr: Float[Array, "N D"],
    *,
    tau: float,
    reduction: Literal["mean", "sum", "none"] = "mean",
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    if not 0 < tau < np.inf:
        raise ValueError(f"nt_xent_forward: tau must be above 0 and finite, got {tau}")
    if len(zl) == 0:
        raise ValueError("nt_xent_forward: zl must hold at least one sample: there is nothing to compare")
    z = np.concatenate([zl, zr])  # (2N, D)
    norm = np.sqrt((z * z).sum(axis=1, keepdims=True))  # (2N, 1)
    length = np.where(norm > 0, norm, np.inf)  # (2N, 1) zeros come to lie in no direction
    u = z / length  # (2N, D)
    similar, product_cache = ops.matmul_forward(u, u.T)  # (2N, 2N)
    scores = similar / tau
    np.fill_diagonal(scores, -np.inf)
    partner = np.roll(np.arange(len(u)), len(zl))  # (2N,)
    loss, loss_cache = ops.softmax_cross_entropy_forward(scores, partner, reduction=reduction)
    return loss, (ops, u, length, tau, product_cache, loss_cache)


def nt_xent_backward(dloss, cache):
    ops, u, length, tau, product_cache, loss_cache = cache
    dsimilar = ops.softmax_cross_entropy_backward(dloss, loss_cache) / tau  # (2N, 2N)
    du_left, du_right = ops.matmul_backward(dsimilar, product_cache)  # (2N, D), (D, 2N)
    du = du_left + du_right.T  # (2N, D) each direction stands on both sides
    along = (du * u).sum(axis=1, keepdims=True)  # (2N, 1) the part that only makes z longer
    dz = (du - along * u) / length  # (2N, D)
    return dz[: len(dz) // 2], dz[len(dz) // 2 :]
