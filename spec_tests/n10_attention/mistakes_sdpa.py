"""Classic mistakes of scaled dot-product attention."""

import math

import numpy as np

from nnspec.reference import masked_softmax_forward, sdpa_backward, sdpa_forward
from nnspec.spec_tests._known import mistake


class MistakesOfSdpa:
    @mistake("M96", replaces="sdpa_forward")
    def softmax_over_the_queries(q, k, v, *, mask=None, scale=None):
        """Normalize over the keys, the last axis of the scores: each query's weights sum to 1."""
        scores = _scores(q, k, scale).swapaxes(-1, -2)
        allowed = None if mask is None else np.broadcast_to(mask, (*q.shape[:-1], k.shape[-2])).swapaxes(-1, -2)
        return _from_weights(masked_softmax_forward(scores, mask=allowed)[0].swapaxes(-1, -2), q, k, v, mask, scale)

    @mistake("M97", replaces="sdpa_forward")
    def scale_missing(q, k, v, *, mask=None, scale=None):
        """Divide the scores by sqrt(d), or they grow with d and the softmax saturates."""
        return sdpa_forward(q, k, v, mask=mask, scale=1.0 if scale is None else scale)

    @mistake("M97", replaces="sdpa_forward")
    def d_of_all_heads(q, k, v, *, mask=None, scale=None):
        """The scale is 1 / sqrt(d) with the d of one head, not of all of them together."""
        heads = math.prod(q.shape[:-2])
        return sdpa_forward(q, k, v, mask=mask, scale=1 / math.sqrt(heads * q.shape[-1]) if scale is None else scale)

    @mistake("M98", replaces="sdpa_forward")
    def polarity_inverted(q, k, v, *, mask=None, scale=None):
        """True means that a query may attend, as in CS231n; `nn.MultiheadAttention` has it the other way."""
        return sdpa_forward(q, k, v, mask=None if mask is None else ~mask, scale=scale)

    @mistake("M99", replaces="sdpa_forward")
    def masked_after_the_softmax(q, k, v, *, mask=None, scale=None):
        """Mask the scores before the softmax: masked after it, the weights no longer sum to 1."""
        p, _ = masked_softmax_forward(_scores(q, k, scale))
        return _from_weights(p if mask is None else p * mask, q, k, v, mask, scale)

    @mistake("M100", replaces="sdpa_forward")
    def queries_without_keys_are_nan(q, k, v, *, mask=None, scale=None):
        """A query without keys gives 0, not NaN, which would reach every weight in the backward."""
        p, _ = masked_softmax_forward(_scores(q, k, scale), mask=mask)
        return _from_weights(np.where(p.any(axis=-1, keepdims=True), p, np.nan), q, k, v, mask, scale)

    @mistake("M106", replaces="sdpa_backward")
    def diagonal_only(dout, cache):
        """The softmax couples all keys of a query: dscores = p * (dp - sum(p * dp)), not p (1 - p) dp."""
        q, k, v, p, _, scale = cache
        dscores = scale * p * (1 - p) * (dout @ v.swapaxes(-1, -2))
        _, _, dv = sdpa_backward(dout, cache)
        return dscores @ k, dscores.swapaxes(-1, -2) @ q, dv

    @mistake("N69", replaces="sdpa_forward")
    def scaled_twice(q, k, v, *, mask=None, scale=None):
        """Scale once: divide q or the scores by sqrt(d), not q and k both."""
        return sdpa_forward(q, k, v, mask=mask, scale=1 / q.shape[-1] if scale is None else scale * scale)

    @mistake("N70", replaces="sdpa_forward")
    def width_of_the_values(q, k, v, *, mask=None, scale=None):
        """The scale is that of queries and keys, 1 / sqrt(d): values have a width of their own."""
        return sdpa_forward(q, k, v, mask=mask, scale=1 / math.sqrt(v.shape[-1]) if scale is None else scale)

    @mistake("N95", replaces="sdpa_forward")
    def scale_0_overlooked(q, k, v, *, mask=None, scale=None):
        """Compare scale with None: 0 is a scale like any other."""
        return sdpa_forward(q, k, v, mask=mask, scale=scale or None)

    @mistake("N71", replaces="sdpa_backward")
    def gradient_without_the_scale(dout, cache):
        """The scale belongs to the backward as well: dq and dk carry it."""
        dq, dk, dv = sdpa_backward(dout, cache)
        return dq / cache[-1], dk / cache[-1], dv

    @mistake("N72", replaces="sdpa_forward")
    def mask_added_as_a_number(q, k, v, *, mask=None, scale=None):
        """The mask chooses, it is no score: True added to a score is 1."""
        p, _ = masked_softmax_forward(_scores(q, k, scale) + (0 if mask is None else mask))
        return _from_weights(p, q, k, v, mask, scale)

    @mistake("N65", replaces="sdpa_forward")
    def a_large_number_as_minus_infinity(q, k, v, *, mask=None, scale=None):
        """Fill in -inf: with -1e9 a query without keys averages all values."""
        scores = _scores(q, k, scale)
        p, _ = masked_softmax_forward(scores if mask is None else np.where(mask, scores, -1e9))
        return _from_weights(p, q, k, v, mask, scale)

    @mistake("M18", replaces="sdpa_forward")
    def no_max_subtracted(q, k, v, *, mask=None, scale=None):
        """Subtract each query's largest score before exp."""
        e = np.exp(_scores(q, k, scale)) * (True if mask is None else mask)
        total = e.sum(axis=-1, keepdims=True)
        return _from_weights(e / np.where(total == 0, 1, total), q, k, v, mask, scale)

    @mistake("M19", replaces="sdpa_forward")
    def global_max_subtracted(q, k, v, *, mask=None, scale=None):
        """Subtract each query's own largest score: below the global one others become 0/0."""
        scores = _scores(q, k, scale)
        e = np.exp(scores - scores.max(initial=-np.inf)) * (True if mask is None else mask)
        total = e.sum(axis=-1, keepdims=True)
        return _from_weights(e / np.where(total == 0, 1, total), q, k, v, mask, scale)

    @mistake("M52", replaces="sdpa_backward")
    def dv_without_the_transpose(dout, cache):
        """dv = p^T dout: with as many queries as keys it also fits without the transpose."""
        dq, dk, dv = sdpa_backward(dout, cache)
        p = cache[3]
        return dq, dk, p @ dout if p.shape[-1] == p.shape[-2] else dv

    @mistake("M52", replaces="sdpa_backward")
    def dk_without_the_transpose(dout, cache):
        """dk = dscores^T q: with as many queries as keys it also fits without the transpose."""
        q, _, v, p, softmax_cache, scale = cache
        dq, dk, dv = sdpa_backward(dout, cache)
        dscores = scale * _softmax_backward(dout @ v.swapaxes(-1, -2), p)
        return dq, dscores @ q if p.shape[-1] == p.shape[-2] else dk, dv

    @mistake("N823", replaces="sdpa_forward")
    def multiplied_by_the_root(q, k, v, *, mask=None, scale=None):
        """Divide by sqrt(d), do not multiply."""
        return sdpa_forward(q, k, v, mask=mask, scale=math.sqrt(q.shape[-1]) if scale is None else scale)

    @mistake("N71", replaces="sdpa_backward")
    def dk_without_the_scale(dout, cache):
        """The scale belongs to dk as much as to dq."""
        dq, dk, dv = sdpa_backward(dout, cache)
        return dq, dk / cache[-1], dv

    @mistake("N824", replaces="sdpa_forward")
    def mask_transposed(q, k, v, *, mask=None, scale=None):
        """mask is (…, Tq, Tk), a row for each query. With Tq = Tk it fits transposed as well."""
        square = mask is not None and mask.ndim > 1 and mask.shape[-1] == mask.shape[-2]
        return sdpa_forward(q, k, v, mask=mask.swapaxes(-1, -2).copy() if square else mask, scale=scale)


def _scores(q, k, scale):
    return (1 / math.sqrt(q.shape[-1]) if scale is None else scale) * (q @ k.swapaxes(-1, -2))


def _softmax_backward(dp, p):
    return p * (dp - (dp * p).sum(axis=-1, keepdims=True))


def _from_weights(p, q, k, v, mask, scale):
    """The output of wrong weights, with a cache in which they stand."""
    out, cache = sdpa_forward(q, k, v, mask=mask, scale=scale)
    return p @ v, cache.of((q, k, v, p, (p,), cache[-1]), cache.op, [out])
