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
