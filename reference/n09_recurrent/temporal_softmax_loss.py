"""Softmax loss at every step of a sequence. CS231n, assignment 3, `rnn_layers.py`, `temporal_softmax_loss`.

    p_ntv = exp(s_ntv) / sum_j exp(s_ntj)        loss = 1/Z sum_{n, t: mask_nt} -log p_{n, t, y_nt}
    ds_ntv = mask_nt (p_ntv - [v = y_nt]) / Z

scores (N, T, V)    y (N, T) ids 0 … V-1    mask (N, T), True where a step counts (None: all of them)    loss: a scalar

What it is divided by, Z, is `normalize`:
"batch"     N: summed over the steps, averaged over the sequences. The course's RNN; the default.
"tokens"    how many steps count, so that padding changes nothing: PyTorch's mean with ignore_index, for models.
"all"       N T, with the steps that do not count: the course's transformer.

A step that does not count adds nothing, whatever its scores and its id are. A loss in which nothing counts is 0, and so
is its gradient.

A block: it is written once, and `ops` is the implementation of its part (None: the reference). Every step is a row of
one softmax cross-entropy, which ignores those that do not count.
"""

from typing import Literal

import numpy as np

from nnspec.shapes import Array, Bool, Float, Labels

IGNORED = -1


def temporal_softmax_loss_forward(
    scores: Float[Array, "N T V"],
    y: Labels["N T", "V"],
    mask: Bool[Array, "N T"] | None = None,
    *,
    normalize: Literal["batch", "tokens", "all"] = "batch",
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    N, T, V = scores.shape
    options = {"reduction": "sum"}
    if mask is not None:
        y, options["ignore_index"] = np.where(mask, y.astype(np.int64), IGNORED), IGNORED
    total, cache = ops.softmax_cross_entropy_forward(scores.reshape(N * T, V), y.reshape(N * T), **options)
    tokens = N * T if mask is None else int(mask.sum())
    divisor = max(1, {"batch": N, "tokens": tokens, "all": N * T}[normalize])  # of nothing at all the sum is 0
    return total / divisor, (ops, divisor, scores.shape, cache)


def temporal_softmax_loss_backward(dloss, cache):
    ops, divisor, shape, cross_entropy_cache = cache
    return ops.softmax_cross_entropy_backward(dloss / divisor, cross_entropy_cache).reshape(shape)
