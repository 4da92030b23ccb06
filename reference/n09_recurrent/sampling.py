"""Sampling the next token from its scores. Temperature: Ackley et al. 1985, min-char-rnn; top-k: Fan et al. 2018,
arXiv:1805.04833; nucleus: Holtzman et al. 2020, arXiv:1904.09751, eq. 2 and 3.

    p_v = exp(s_v / temperature) / Z over the tokens that are kept, else 0        Z so that p sums to 1
    id = the first v with p_0 + … + p_v > u

scores (N, V)    u (N,) uniform, 0 <= u < 1    p (N, V)    ids (N,)

Kept are, in this order: the top_k largest scores; of their distribution the nucleus, the fewest of the likeliest tokens
that have at least the probability top_p together. So the token that crosses top_p is kept, and the likeliest always.
Of equal scores the smaller id comes first. temperature 0 is the limit, greedy: the largest score has the probability
1, and no u is needed. A token of probability 0, by a score of -inf or because it is not kept, is never drawn: if
rounding leaves the sum of p at or below u, the last one that is possible is.

sample_step is a composite: it is written once, and `ops` is the implementation of its part (None: the reference).
"""

import numpy as np

from nnspec.shapes import Array, Between, Float


def sampling_distribution(
    scores: Float[Array, "N V"],
    *,
    temperature: float = 1.0,
    top_k: Between[1, "V"] | None = None,
    top_p: float | None = None,
):
    """p (N, V)."""
    if not 0 <= temperature < np.inf:
        raise ValueError(f"sampling_distribution: temperature must be 0 or more, got {temperature}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"sampling_distribution: top_p must be above 0 and at most 1, got {top_p}")
    if temperature == 0:
        temperature, top_k = 1.0, 1
    order = np.argsort(-scores, axis=1, kind="stable")  # (N, V) the likeliest first
    shifted = np.take_along_axis(scores, order, axis=1) - scores.max(axis=1, keepdims=True)  # (N, V)
    e = np.exp(shifted / temperature)  # (N, V)
    if top_k is not None:
        e[:, top_k:] = 0
    p = e / e.sum(axis=1, keepdims=True)  # (N, V)
    if top_p is not None and top_p < 1:
        before = np.cumsum(p, axis=1)[:, :-1]  # (N, V - 1) what the tokens before have together
        p[:, 1:] = np.where(before < top_p, p[:, 1:], 0)
        p = p / p.sum(axis=1, keepdims=True)
    out = np.empty_like(p)
    np.put_along_axis(out, order, p, axis=1)
    return out


def sample_step(
    scores: Float[Array, "N V"],
    u: Float[Array, "N"] | None = None,
    *,
    temperature: float = 1.0,
    top_k: Between[1, "V"] | None = None,
    top_p: float | None = None,
    ops=None,
):
    """ids (N,)."""
    if ops is None:
        from nnspec import reference as ops
    if u is None and temperature != 0:
        raise ValueError(f"sample_step: u must be given with a temperature above 0, got {temperature}")
    if u is not None and not ((u >= 0) & (u < 1)).all():
        raise ValueError(f"sample_step: u must be at least 0 and below 1, got {u.min()} … {u.max()}")
    p = ops.sampling_distribution(scores, temperature=temperature, top_k=top_k, top_p=top_p)  # (N, V)
    below = np.cumsum(p, axis=1) <= (0 if u is None else u[:, None])  # (N, V)
    last = p.shape[1] - 1 - np.argmax(p[:, ::-1] > 0, axis=1)  # (N,) the last one that is possible
    return np.minimum(below.sum(axis=1), last)
