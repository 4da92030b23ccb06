"""Cross-entropy of soft targets, from scores. Hinton et al. 2015, section 2; Szegedy et al. 2016, section 7.

    p_nc = exp(s_nc) / sum_j exp(s_nj)        loss_n = -sum_c t_nc log p_nc        ds = (p - t) dloss

scores (N, C)    t (N, C) distributions row by row    loss: a scalar, or (N,) with reduction="none"

What label smoothing, mixup and distillation need; with one-hot targets it is the softmax cross-entropy. "mean" divides
by N. Targets have no gradient. Scores are shifted by their row maximum, and log p is never taken of a p that was
rounded to 0.
"""

from typing import Literal

import numpy as np

from nnspec.reference.n02_losses._probabilities import require_distributions
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced
from nnspec.shapes import Array, Float


def soft_cross_entropy_forward(
    scores: Float[Array, "N C"], t: Float[Array, "N C"], *, reduction: Literal["mean", "sum", "none"] = "mean"
):
    require_distributions("soft_cross_entropy_forward", t=t)
    divisor = divisor_of_the_mean("soft_cross_entropy_forward", reduction, scores=len(scores))
    shifted = scores - scores.max(axis=1, keepdims=True)  # (N, C)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (N, C)
    return reduced(-(t * logp).sum(axis=1), reduction, divisor), (np.exp(logp), t, divisor)


def soft_cross_entropy_backward(dloss, cache):
    p, t, divisor = cache
    return (p * t.sum(axis=1, keepdims=True) - t) * (dloss / divisor)[..., None]  # (N, C), the sums are about 1
