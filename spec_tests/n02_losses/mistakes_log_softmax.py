"""Classic mistakes of log-softmax and logsumexp."""

import numpy as np

from nnspec.reference import (
    log_softmax_forward,
    logsumexp_backward,
    logsumexp_forward,
    softmax_forward,
)
from nnspec.spec_tests._known import mistake


class MistakesOfLogSoftmax:
    @mistake("M21", replaces="log_softmax_forward")
    def log_of_the_probabilities(x, *, axis=-1):
        """Take log p from the shifted scores: a p that was rounded to 0 has the log -inf."""
        with np.errstate(divide="ignore"):
            return _with_cache(np.log(softmax_forward(x, axis=axis)[0]), axis)

    @mistake("M21", replaces="log_softmax_forward")
    def log_of_p_plus_epsilon(x, *, axis=-1):
        """Take log p from the shifted scores: log(p + 1e-8) ends at -18.4."""
        p, _ = softmax_forward(x, axis=axis)
        return _with_cache(np.log(p + x.dtype.type(1e-8)), axis)

    @mistake("M18", replaces="log_softmax_forward")
    def no_max_subtracted(x, *, axis=-1):
        """Subtract the largest score along the axis before exp: it overflows from 89 (float32) or 710 on."""
        return _with_cache(x - np.log(np.exp(x).sum(axis=axis, keepdims=True)), axis)

    @mistake("M19", replaces="log_softmax_forward")
    def global_max_subtracted(x, *, axis=-1):
        """Subtract the largest score of each row: with that of all, rows far below it are log 0."""
        shifted = x - x.max(initial=-np.inf)
        with np.errstate(divide="ignore"):
            return _with_cache(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)), axis)

    @mistake("N67", replaces="log_softmax_forward")
    def normalized_over_everything(x, *, axis=-1):
        """Normalize along the axis, each row by itself: not by the sum of all."""
        return _with_cache(log_softmax_forward(x.reshape(-1))[0].reshape(x.shape), axis)

    @mistake("N846", replaces="log_softmax_forward")
    def axis_ignored(x, *, axis=-1):
        """Normalize along the axis that is asked for, not always along the last one."""
        return log_softmax_forward(x)

    @mistake("N850", replaces="log_softmax_forward")
    def log_forgotten(x, *, axis=-1):
        """What is subtracted is the log of the sum, not the sum."""
        top = x.max(axis=axis, keepdims=True, initial=-np.inf)
        return _with_cache(x - top - np.exp(x - top).sum(axis=axis, keepdims=True), axis)

    @mistake("N851", replaces="log_softmax_backward")
    def sum_shared_out_evenly(dout, cache):
        """Take away the share p_t of the sum of dout, not the same from each."""
        logp, axis = cache
        return dout - dout.mean(axis=axis, keepdims=True)

    @mistake("N851", replaces="log_softmax_backward")
    def log_for_the_probability(dout, cache):
        """The cache holds log p: the backward needs p = exp(log p)."""
        logp, axis = cache
        return dout - logp * dout.sum(axis=axis, keepdims=True)

    @mistake("M106", replaces="log_softmax_backward")
    def diagonal_only(dout, cache):
        """Every score moves every entry: dx = dout - p sum(dout), not (1 - p) dout."""
        logp, _ = cache
        return (1 - np.exp(logp)) * dout

    @mistake("N852", replaces="log_softmax_backward")
    def backward_of_softmax(dout, cache):
        """This is the gradient of p: of log p it is dout - p sum(dout)."""
        logp, axis = cache
        p = np.exp(logp)
        return p * (dout - (p * dout).sum(axis=axis, keepdims=True))


class MistakesOfLogsumexp:
    @mistake("M18", replaces="logsumexp_forward")
    def no_max_subtracted(x, *, axis=-1, keepdims=False):
        """Subtract the largest score along the axis before exp: it overflows from 89 (float32) or 710 on."""
        out, cache = logsumexp_forward(x, axis=axis, keepdims=keepdims)
        return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims)), cache

    @mistake("M19", replaces="logsumexp_forward")
    def global_max_subtracted(x, *, axis=-1, keepdims=False):
        """Subtract the largest score of each row: with that of all, rows far below it are log 0."""
        _, cache = logsumexp_forward(x, axis=axis, keepdims=keepdims)
        top = x.max(initial=-np.inf)
        with np.errstate(divide="ignore"):
            return top + np.log(np.exp(x - top).sum(axis=axis, keepdims=keepdims)), cache

    @mistake("N853", replaces="logsumexp_forward")
    def maximum_not_added_again(x, *, axis=-1, keepdims=False):
        """Add the maximum again: log sum exp(x) = top + log sum exp(x - top)."""
        out, cache = logsumexp_forward(x, axis=axis, keepdims=keepdims)
        return out - x.max(axis=axis, keepdims=keepdims, initial=-np.inf), cache

    @mistake("N854", replaces="logsumexp_forward")
    def mean_for_the_sum(x, *, axis=-1, keepdims=False):
        """Add the exponentials up: with their mean, log T is missing."""
        out, cache = logsumexp_forward(x, axis=axis, keepdims=keepdims)
        return out - np.log(x.dtype.type(max(1, x.shape[axis]))), cache

    @mistake("N855", replaces="logsumexp_forward")
    def axis_always_kept(x, *, axis=-1, keepdims=False):
        """Leave the axis out, unless keepdims asks for it."""
        return logsumexp_forward(x, axis=axis, keepdims=True)

    @mistake("N855", replaces="logsumexp_forward")
    def axis_never_kept(x, *, axis=-1, keepdims=False):
        """With keepdims the axis stays, of size 1."""
        return logsumexp_forward(x, axis=axis)

    @mistake("N846", replaces="logsumexp_forward")
    def axis_ignored(x, *, axis=-1, keepdims=False):
        """Add up along the axis that is asked for, not always along the last one."""
        return logsumexp_forward(x, keepdims=keepdims)

    @mistake("N856", replaces="logsumexp_forward")
    def only_the_maximum(x, *, axis=-1, keepdims=False):
        """logsumexp is a soft maximum: the other scores count as well."""
        _, cache = logsumexp_forward(x, axis=axis, keepdims=keepdims)
        return x.max(axis=axis, keepdims=keepdims, initial=-np.inf), cache

    @mistake("N856", replaces="logsumexp_backward")
    def gradient_of_the_maximum(dout, cache):
        """Every score gets its share p_t of dout, not only the largest."""
        p, axis, keepdims = cache
        dx = logsumexp_backward(dout, cache)
        return np.where(p == p.max(axis=axis, keepdims=True, initial=0), dx / np.where(p > 0, p, 1), 0)

    @mistake("N857", replaces="logsumexp_backward")
    def dout_ignored(dout, cache):
        """The gradient is p times dout, not p itself."""
        return logsumexp_backward(np.ones_like(dout), cache)

    @mistake("M20", replaces="logsumexp_backward")
    def dout_along_the_wrong_axis(dout, cache):
        """Give dout the axis again before it meets p: otherwise it broadcasts along the last one."""
        p, axis, keepdims = cache
        fits = not keepdims and len(set(p.shape)) == 1
        return p * dout if fits else logsumexp_backward(dout, cache)


def _with_cache(out, axis):
    """A wrong output with a cache in which it stands."""
    _, cache = log_softmax_forward(out, axis=axis)
    return out, cache.of((out, axis), cache.op, [out])
