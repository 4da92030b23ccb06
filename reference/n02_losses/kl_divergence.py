"""Cross-entropy of two distributions and Kullback-Leibler divergence. Kullback and Leibler 1951, eq. 2.4; Cover and
Thomas 2006, eq. 2.26 and problem 5.34.

    H(P, Q) = -sum_k P_k log Q_k = H(P) + KL(P || Q)        dp = -log Q          dq = -P / Q
    KL(P || Q) = sum_k P_k log(P_k / Q_k) >= 0              dp = log P/Q + 1     dq = -P / Q

p, q (N, K) distributions row by row, P and Q    loss: a scalar, or (N,) with reduction="none"

"mean" divides by N; PyTorch calls that "batchmean", and its "mean" divides by N K. In nats. 0 log 0 = 0: what P
excludes costs nothing, and where Q excludes it as well there is no gradient. What Q alone excludes costs infinity.
"""

from typing import Literal

import numpy as np

from nnspec.reference.n02_losses._probabilities import require_distributions
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced
from nnspec.shapes import Array, Float


def cross_entropy_dist_forward(
    p: Float[Array, "N K"], q: Float[Array, "N K"], *, reduction: Literal["mean", "sum", "none"] = "mean"
):
    require_distributions("cross_entropy_dist_forward", p=p, q=q)
    divisor = divisor_of_the_mean("cross_entropy_dist_forward", reduction, p=len(p))
    with np.errstate(invalid="ignore"):  # 0 log 0
        terms = np.where(p == 0, 0, -p * _log(q))  # (N, K)
    return reduced(terms.sum(axis=1), reduction, divisor), (p, q, divisor)


def cross_entropy_dist_backward(dloss, cache):
    p, q, divisor = cache
    return _gradients(-_log(q), dloss / divisor, p, q)


def kl_divergence_forward(
    p: Float[Array, "N K"], q: Float[Array, "N K"], *, reduction: Literal["mean", "sum", "none"] = "mean"
):
    require_distributions("kl_divergence_forward", p=p, q=q)
    divisor = divisor_of_the_mean("kl_divergence_forward", reduction, p=len(p))
    with np.errstate(invalid="ignore"):  # 0 log 0
        terms = np.where(p == 0, 0, p * _difference(p, q))  # (N, K)
    return reduced(terms.sum(axis=1), reduction, divisor), (p, q, divisor)


def kl_divergence_backward(dloss, cache):
    p, q, divisor = cache
    return _gradients(_difference(p, q) + 1, dloss / divisor, p, q)


def _gradients(slope, upstream, p, q):
    """dp and dq: slope is that by p. Where both are 0 there is nothing to move."""
    nothing = (p == 0) & (q == 0)  # (N, K)
    with np.errstate(divide="ignore", invalid="ignore"):
        dp, dq = np.where(nothing, 0, slope), np.where(nothing, 0, -p / q)  # (N, K)
    return dp * upstream[..., None], dq * upstream[..., None]


def _log(q):
    with np.errstate(divide="ignore"):  # log 0 = -inf is meant
        return np.log(q)


def _difference(p, q):
    with np.errstate(invalid="ignore"):  # where both are 0, of which nothing is made
        return _log(p) - _log(q)
