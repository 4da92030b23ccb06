"""Negative log-likelihood of labels, from log-probabilities. Bishop 2006, eq. 4.108; Goodfellow et al. 2016, eq. 5.59.

    loss_n = -logp_{n,y_n}        dlogp_nc = -[c = y_n] dloss_n

logp (N, C)    y (N,) labels 0 … C-1    loss: a scalar, or (N,) with reduction="none"

To make the likelihood of independent samples large is to make this sum small. Of `log_softmax` of scores it is their
softmax cross-entropy. A logp above 0 is no log-probability: what is found where a label points is refused if it is more
than rounding leaves. "mean" divides by N.
"""

from typing import Literal

import numpy as np

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced
from nnspec.shapes import Array, Float, Labels

ROUNDING = 0.01  # of a logarithm of a probability of 1, from float32 scores of 1e4 and more


def nll_loss_forward(
    logp: Float[Array, "N C"], y: Labels["N", "C"], *, reduction: Literal["mean", "sum", "none"] = "mean"
):
    divisor = divisor_of_the_mean("nll_loss_forward", reduction, logp=len(logp))
    right = logp[np.arange(len(y)), y]  # (N,)
    if (right > ROUNDING).any():
        raise ValueError(f"nll_loss_forward: logp must be the logarithms of probabilities, got {right.max():.3g}")
    return reduced(-right, reduction, divisor), (y, logp.shape, divisor)


def nll_loss_backward(dloss, cache):
    y, shape, divisor = cache
    dlogp = np.zeros(shape, dloss.dtype)  # (N, C)
    dlogp[np.arange(len(y)), y] = -dloss / divisor
    return dlogp
