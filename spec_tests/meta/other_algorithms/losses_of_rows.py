"""Losses of rows by other ways than the reference's: a sorted row, logits against each other, noise in pieces."""

import numpy as np


def crammer_singer_forward(scores, y, *, delta=1.0, reduction="mean"):
    """The classes of a row in order: the closest wrong one is the first, unless that is the right one."""
    if reduction == "mean" and len(y) == 0:
        raise ValueError("crammer_singer_forward: y must hold at least one label")
    order = np.argsort(-scores, axis=1, kind="stable")
    slopes, losses = np.zeros_like(scores), np.zeros(len(y), scores.dtype)
    for i, (row, right) in enumerate(zip(order, y, strict=True)):
        wrong = row[row != right]
        if len(wrong) and scores[i, wrong[0]] + delta > scores[i, right]:
            losses[i] = delta - (scores[i, right] - scores[i, wrong[0]])
            slopes[i, wrong[0]], slopes[i, right] = 1, -1
    share = scores.dtype.type(len(y) if reduction == "mean" else 1)
    return (losses if reduction == "none" else np.add.reduce(losses)) / share, {"slopes": slopes / share}


def crammer_singer_backward(dloss, cache):
    return np.multiply(cache["slopes"].T, dloss).T


def focal_loss_forward(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
    """By the odds against the right class: -log p = log(1 + odds), 1 - p = odds / (1 + odds)."""
    if reduction == "mean" and len(y) == 0:
        raise ValueError("focal_loss_forward: y must hold at least one label")
    real = scores.dtype.type
    leads = scores - np.take_along_axis(scores, y[:, None].astype(int), axis=1)
    wrong = np.arange(scores.shape[1]) != y[:, None]
    logodds = np.logaddexp.reduce(np.where(wrong, leads, real(-np.inf)), axis=1)
    cost = np.logaddexp(0, logodds)  # -log p
    logrest = logodds - cost
    kept = np.exp(real(gamma) * logrest) if gamma else np.ones_like(cost)
    weight = (np.ones_like(cost) if alpha is None else np.take(alpha, y)) / real(len(y) if reduction == "mean" else 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        steep = np.where(logrest > -np.inf, np.exp(np.log(cost) - logrest - cost), 1)  # p (-log p) / (1 - p)
    slope = weight * kept * (1 + real(gamma) * steep)
    shares = np.where(wrong, np.exp(leads - cost[:, None]), 0)
    slopes = slope[:, None] * np.where(wrong, shares, -np.exp(logrest)[:, None])
    losses = weight * kept * cost
    return losses if reduction == "none" else np.add.reduce(losses), [slopes]


def focal_loss_backward(dloss, cache):
    return cache[0] * np.reshape(dloss, (-1, 1))


def add_noise_forward(x, *, sigma, train=True, noise=None, rng=None):
    """Row by row."""
    out = np.array(x, order="C")
    if train:
        rows = out.reshape(len(out) if out.ndim else 1, -1) if out.size else out
        drawn = (rng or np.random.default_rng()).standard_normal(x.shape) if noise is None else noise
        for row, more in zip(rows, np.reshape(drawn, rows.shape), strict=True):
            row += np.multiply(more, sigma).astype(x.dtype)
    return out, None


def add_noise_backward(dout, cache):
    return np.array(dout)
