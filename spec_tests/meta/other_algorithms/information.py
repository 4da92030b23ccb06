"""Information theory by products of matrices, and losses of rows whose gradient waits in the cache."""

import math

import numpy as np

E = math.e


def distributions(*arrays):
    for p in arrays:
        if not ((p >= 0).all() and np.allclose(p.sum(axis=-1), 1, atol=1e-4)):
            raise ValueError("p, q, t: distributions are asked for")


def surprisal_forward(p, *, base=E):
    """In bits first."""
    if not base > 1 or not (abs(p - 0.5) <= 0.5).all():
        raise ValueError("base, p: above 1, and between 0 and 1")
    with np.errstate(divide="ignore"):
        return -np.log2(p) / p.dtype.type(math.log2(base)), [p, base]


def surprisal_backward(dout, cache):
    p, base = cache
    with np.errstate(divide="ignore"):
        return np.negative(np.reciprocal(p)) * dout / p.dtype.type(math.log(base))


def entropy_forward(p, *, axis=-1, base=E):
    """A product of rows with columns of logarithms: one for each distribution."""
    if not base > 1:
        raise ValueError("base: above 1")
    moved = np.moveaxis(p, axis, -1)
    distributions(moved)
    with np.errstate(divide="ignore"):
        logs = np.log(moved)
    scale = moved.dtype.type(-1 / math.log(base))
    out = (moved[..., None, :] @ np.maximum(logs, -1e30)[..., None])[..., 0, 0] * scale
    return out, {"logs": logs, "axis": axis, "scale": scale}


def entropy_backward(dout, cache):
    slopes = (1 + cache["logs"]) * cache["scale"] * np.asarray(dout)[..., None]
    return np.moveaxis(slopes, -1, cache["axis"]).copy()


def rows_reduced(losses, gradients, reduction):
    if reduction == "mean":
        if not len(losses):
            raise ValueError("p, logp, scores: the mean of no rows is not defined")
        losses, gradients = losses / len(losses), [gradient / len(losses) for gradient in gradients]
    return losses if reduction == "none" else losses.sum(), gradients


def rows_scaled(dloss, cache):
    scaled = [gradient * np.reshape(dloss, (-1, 1)).astype(gradient.dtype) for gradient in cache]
    return scaled[0] if len(scaled) == 1 else tuple(scaled)


def cross_entropy_dist_forward(p, q, *, reduction="mean"):
    """What P excludes is left out, and not made 0 after."""
    distributions(p, q)
    with np.errstate(divide="ignore"):
        surprise = -np.log(q)
    losses = np.sum(np.multiply(p, surprise, where=p > 0, out=np.zeros_like(p)), axis=1)
    dp = np.where((p > 0) | (q > 0), surprise, 0)
    return rows_reduced(losses, [dp, _over(p, q)], reduction)


cross_entropy_dist_backward = rows_scaled


def kl_divergence_forward(p, q, *, reduction="mean"):
    """The logarithm of the quotient, by log1p of how far it is off."""
    distributions(p, q)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        quotient = np.divide(p, q)
        near = abs(quotient - 1) < 0.5
        logs = np.where(near, np.log1p((p - q) / q), np.log(p) - np.log(q))
    losses = np.einsum("nk,nk->n", p, np.where(p > 0, logs, 0)) if np.isfinite(logs[p > 0]).all() else _endless(p, logs)
    dp = np.where((p > 0) | (q > 0), logs + 1, 0)
    return rows_reduced(losses, [dp, _over(p, q)], reduction)


kl_divergence_backward = rows_scaled


def _endless(p, logs):
    return np.sum(np.multiply(p, logs, where=p > 0, out=np.zeros_like(p)), axis=1)


def _over(p, q):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((p > 0) | (q > 0), -np.divide(p, q), 0)


def nll_loss_forward(logp, y, *, reduction="mean"):
    """A mask of the labels, and its trace."""
    mask = y[:, None] == np.arange(logp.shape[1])
    losses = -np.where(mask, logp, 0).sum(axis=1)
    if (losses < -0.01).any():
        raise ValueError("logp: logarithms of probabilities are asked for")
    return rows_reduced(losses, [-mask.astype(logp.dtype)], reduction)


nll_loss_backward = rows_scaled


def soft_cross_entropy_forward(scores, t, *, reduction="mean"):
    """The mean under t of the losses that every class would have as a label."""
    distributions(t)
    total = np.logaddexp.reduce(scores, axis=1)[:, None]
    losses = np.einsum("nc,nc->n", t, total - scores)
    return rows_reduced(losses, [np.exp(scores - total) - t], reduction)


soft_cross_entropy_backward = rows_scaled


def l1_penalty(w, lam):
    """dw first; r is w times dw, since r is homogeneous of degree 1."""
    dw = np.where(w > 0, w.dtype.type(lam), np.where(w < 0, w.dtype.type(-lam), w.dtype.type(0)))
    return np.vdot(w, dw), dw


def elastic_net(w, *, lam1, lam2):
    """As one product of |w| with lam1 + lam2 |w|."""
    size = np.sqrt(w * w) if abs(w).min(initial=1) > 1e-15 else abs(w)
    lam1, lam2 = w.dtype.type(lam1), w.dtype.type(lam2)
    return np.vdot(size, lam1 + lam2 * size), np.copysign(lam1 + 2 * lam2 * size, w) * (w != 0)


def max_norm_project(w, c, *, axis=0):
    """By the norms of NumPy in double precision, and only what is outside is written."""
    if not c > 0:
        raise ValueError("c: above 0")
    norms = np.linalg.norm(w.astype(np.float64), axis=axis, keepdims=True)
    out = w.copy()
    return np.multiply(w, (c / np.where(norms > c, norms, 1)).astype(w.dtype), out=out, where=norms > c)
