"""Attention in one pass over blocks of keys. Dao et al. 2022, arXiv:2205.14135, algorithms 1 and 4, on matrices."""

import math

import numpy as np


def blocks(keys):
    """As many keys at a time as there are blocks: small cases have several, and no sum is long."""
    size = max(1, math.isqrt(keys))
    return (slice(start, start + size) for start in range(0, keys, size))


def grown(scores, largest):
    """The largest score so far, and what sums so far shrink by. Nothing seen yet counts as 0, to avoid inf - inf."""
    now = np.maximum(largest, scores.max(axis=-1, keepdims=True))
    safe = np.where(np.isneginf(now), 0, now)
    return now, safe, np.exp(largest - safe)


def log_of_sum(largest, total):
    """log sum exp(scores); +inf where nothing is allowed, so that exp(scores - it) is 0."""
    with np.errstate(divide="ignore"):
        return np.where(total > 0, largest + np.log(total), np.inf)


def masked_softmax_forward(x, *, mask=None):
    scores = x if mask is None else np.where(mask, x, -np.inf)
    largest = np.full((*x.shape[:-1], 1), -np.inf, x.dtype)
    total = np.zeros_like(largest)
    for block in blocks(x.shape[-1]):
        part = scores[..., block]
        largest, safe, shrink = grown(part, largest)
        total = total * shrink + np.exp(part - safe).sum(axis=-1, keepdims=True)
    out = np.exp(scores - log_of_sum(largest, total))
    return out, {"p": out.copy()}


def masked_softmax_backward(dout, cache):
    """(diag p - p p^T) dout, by a product of each row."""
    p = cache["p"]
    return p * dout - p * np.einsum("...t,...t->...", p, dout)[..., None]


def transposed(x):
    return np.swapaxes(x, -1, -2)


def scores_of(q, k, mask, block, scale):
    scores = scale * (q @ transposed(k[..., block, :]))
    return scores if mask is None else np.where(mask[..., block], scores, -np.inf)


def sdpa_forward(q, k, v, *, mask=None, scale=None):
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    if mask is not None:
        mask = np.broadcast_to(mask, (*q.shape[:-1], k.shape[-2]))
    largest = np.full((*q.shape[:-1], 1), -np.inf, q.dtype)
    total = np.zeros_like(largest)
    gathered = np.zeros((*q.shape[:-1], v.shape[-1]), q.dtype)
    for block in blocks(k.shape[-2]):
        scores = scores_of(q, k, mask, block, scale)
        largest, safe, shrink = grown(scores, largest)
        weights = np.exp(scores - safe)
        total = total * shrink + weights.sum(axis=-1, keepdims=True)
        gathered = gathered * shrink + weights @ v[..., block, :]
    out = gathered / np.where(total > 0, total, 1)
    cache = {"inputs": (q, k, v, mask, scale), "log_of_sum": log_of_sum(largest, total), "out": out.copy()}
    return out, cache


def sdpa_backward(dout, cache):
    """The weights are computed once more from the logarithm of their sum; sum(p dp) = dout out."""
    q, k, v, mask, scale = cache["inputs"]
    shared = np.einsum("...d,...d->...", dout, cache["out"])[..., None]
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for block in blocks(k.shape[-2]):
        p = np.exp(scores_of(q, k, mask, block, scale) - cache["log_of_sum"])
        dscores = scale * p * (dout @ transposed(v[..., block, :]) - shared)
        dq += dscores @ k[..., block, :]
        dk[..., block, :] = transposed(dscores) @ q
        dv[..., block, :] = transposed(p) @ dout
    return dq, dk, dv
