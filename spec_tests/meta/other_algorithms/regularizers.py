"""Decay as a factor beside a velocity that points along the gradient, noise as arithmetic with zeros and ones."""

import numpy as np


def sgd_weight_decay(w, dw, state=None, *, lr=0.01, weight_decay=0.01, mu=0.0):
    """The weight shrinks by a factor, and what is left over of the velocity is kept without lr."""
    kept = 0 if state is None else mu * state["along"]
    along = kept + dw + weight_decay * w
    return (1 - lr * weight_decay) * w - lr * (kept + dw), {"along": along}


def dropout_vanilla_forward(x, *, keep, train=True, mask=None, rng=None):
    """In both modes a product: with ones and zeros, or with keep."""
    if train and mask is None:
        mask = (rng or np.random.default_rng()).random(x.shape) < keep
    gain = mask.astype(x.dtype) if train else x.dtype.type(keep)
    return np.multiply(gain, x), [gain]


def dropout_vanilla_backward(dout, cache):
    return np.asarray(cache[0] * dout)


def squared_hinge_forward(scores, y, *, delta=1.0, reduction="mean"):
    """All classes are squared, and what the right one adds, delta^2, is taken away again."""
    if reduction == "mean" and len(y) == 0:
        raise ValueError("squared_hinge_forward: y must hold at least one label")
    own = np.take_along_axis(scores, y[:, None].astype(np.int64), axis=1)
    missed = np.clip(scores - (own - scores.dtype.type(delta)), 0, None)
    losses = np.einsum("nc,nc->n", missed, missed) - np.square(scores.dtype.type(max(delta, 0)))
    share = {"mean": len(y), "sum": 1, "none": 1}[reduction]
    onehot = np.arange(scores.shape[1]) == y[:, None]
    return losses if reduction == "none" else np.sum(losses) / scores.dtype.type(share), (missed, onehot, share)


def squared_hinge_backward(dloss, cache):
    missed, onehot, share = cache
    others = np.where(onehot, 0, missed)
    pulled = others - onehot * others.sum(axis=1, keepdims=True)
    return pulled * np.reshape(np.multiply(dloss, missed.dtype.type(2 / share)), (-1, 1))
