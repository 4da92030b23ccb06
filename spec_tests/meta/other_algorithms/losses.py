"""Losses whose gradient is made in the forward and waits in the cache, and the L2 penalty as a norm."""

import numpy as np


def reduced(losses, gradient, weights, reduction):
    """The loss, and as cache the gradient of each row's share of it."""
    if reduction == "mean":
        if not weights.sum():
            raise ValueError("y: the mean of no rows is not defined")
        losses, gradient = losses / weights.sum(), gradient / weights.sum()
    return losses if reduction == "none" else losses.sum(), {"gradient": gradient}


def scaled_by(dloss, cache):
    gradient = cache["gradient"]
    return gradient * np.reshape(dloss, (-1, 1)).astype(gradient.dtype)


def softmax_cross_entropy_forward(scores, y, *, reduction="mean", ignore_index=None, weight=None):
    """loss = log sum_j exp(s_j - s_y), a running logarithm of a sum: nothing is shifted by a maximum."""
    kept = np.ones(y.shape, bool) if ignore_index is None else y != ignore_index
    right = np.where(kept, y, 0)[:, None]
    weights = kept.astype(scores.dtype)
    if weight is not None:
        weights *= weight[right[:, 0]]
    above = scores - np.take_along_axis(scores, right, axis=1)
    losses = np.logaddexp.reduce(above, axis=1)
    gradient = np.exp(above - losses[:, None]) - (np.arange(scores.shape[1]) == right)
    return reduced(weights * losses, weights[:, None] * gradient, weights, reduction)


softmax_cross_entropy_backward = scaled_by


def svm_loss_forward(scores, y, *, delta=1.0, reduction="mean"):
    """The gradient is a product: active margins (N, C) times pushes (C, C) less their pull on the right class."""
    right = y[:, None] == np.arange(scores.shape[1])
    of_right = np.einsum("nc,nc->n", scores, right.astype(scores.dtype))[:, None]
    margins = scores - of_right + scores.dtype.type(delta)
    active = np.logical_and(margins > 0, ~right)
    losses = np.sum(margins, axis=1, where=active)
    gradient = active.astype(scores.dtype)
    gradient -= right * (gradient @ np.ones((scores.shape[1], 1), scores.dtype))
    return reduced(losses, gradient, np.ones_like(losses), reduction)


svm_loss_backward = scaled_by


def l2_penalty(w, lam, *, half=False):
    """dw first; r is half of w times dw, since r is homogeneous of degree 2."""
    dw = w.dtype.type(lam) * (w if half else w + w)
    return np.vdot(w, dw) / 2, dw
