"""Losses of each entry, whose gradient is made in the forward and waits in the cache: by identities that turn their
pieces into sums, and with logarithms of sums in pairs."""

import numpy as np


def reduced(terms, slopes, reduction, count):
    if reduction == "mean":
        if count == 0:
            raise ValueError("x, scores, p: the mean of no entries is not defined")
        terms, slopes = terms / terms.dtype.type(count), slopes / slopes.dtype.type(count)
    return terms if reduction == "none" else np.add.reduce(terms.ravel()), {"slopes": slopes}


def scaled_by(dloss, cache):
    return cache["slopes"] * dloss


def mse_loss_forward(x, t, *, reduction="mean", half=False):
    """The difference from the side of the target; the factor stands inside."""
    off = np.negative(np.subtract(t, x))
    factor = x.dtype.type(0.5 if half else 1)
    return reduced(np.multiply(off, factor * off), off * (factor + factor), reduction, off.size)


mse_loss_backward = scaled_by


def l1_loss_forward(x, t, *, reduction="mean"):
    """The larger less the smaller."""
    terms = np.maximum(x, t) - np.minimum(x, t)
    slopes = (x > t).astype(x.dtype) - (x < t)
    return reduced(terms, slopes, reduction, x.size)


l1_loss_backward = scaled_by


def huber_forward(x, t, *, delta=1.0, reduction="mean"):
    """The Moreau envelope of delta |r|: the least of r'^2 / 2 + delta |r - r'|, which is at r' = r clipped."""
    off = x - t
    near = np.maximum(np.minimum(off, x.dtype.type(delta)), x.dtype.type(-delta))
    return reduced(near * near / 2 + delta * abs(off - near), near, reduction, x.size)


huber_backward = scaled_by


def bce_forward(p, y, *, reduction="mean"):
    """The logarithms of p and of 1 - p as one array with an axis of two classes, and the targets as another."""
    if not all((abs(a - 0.5) <= 0.5).all() for a in (p, y)):
        raise ValueError("p, y: probabilities are asked for")
    both, shares = np.stack([p, 1 - p]), np.stack([y, 1 - y])
    with np.errstate(divide="ignore"):
        logs = np.stack([np.log(p), np.log1p(-p)]).clip(-100)
    kept = logs > -100
    slopes = np.divide(shares, both, out=np.zeros_like(both), where=kept)
    return reduced(-(shares * logs).sum(axis=0), slopes[1] - slopes[0], reduction, p.size)


bce_backward = scaled_by


def bce_with_logits_forward(scores, y, *, pos_weight=1.0, reduction="mean"):
    """softplus as a logarithm of a sum of two, and the sigmoid as what it takes from the score."""
    if not (abs(y - 0.5) <= 0.5).all():
        raise ValueError("y: probabilities are asked for")
    weight = scores.dtype.type(pos_weight)
    above, below = np.logaddexp(0, scores), np.logaddexp(0, -scores)
    terms = weight * y * below + (1 - y) * above
    return reduced(terms, (1 - y) * np.exp(-below) - weight * y * np.exp(-above), reduction, scores.size)


bce_with_logits_backward = scaled_by


def binary_hinge_forward(scores, y, *, cost=1.0, reduction="mean"):
    """Labels choose between two margins, and multiply nothing."""
    if not np.isin(y, (-1, 1)).all():
        raise ValueError("y: labels of -1 and 1 are asked for")
    margins = np.where(y > 0, 1 - scores, 1 + scores)
    terms = np.where(margins > 0, margins, 0) * scores.dtype.type(cost)
    slopes = scores.dtype.type(cost) * np.where(margins > 0, np.where(y > 0, -1, 1), 0).astype(scores.dtype)
    return reduced(terms, slopes, reduction, len(scores))


binary_hinge_backward = scaled_by


def soft_threshold_forward(x, *, lam=0.5):
    """The sum of two shifted positive parts, one of them turned round."""
    lam = x.dtype.type(lam)
    return np.maximum(x - lam, 0) + np.minimum(x + lam, 0), {"slopes": ((x > lam) | (x < -lam)).astype(x.dtype)}


soft_threshold_backward = scaled_by
