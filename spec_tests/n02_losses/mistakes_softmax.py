"""Classic mistakes of softmax."""

import numpy as np

from nnspec.reference import softmax_forward
from nnspec.spec_tests._known import mistake


class MistakesOfSoftmax:
    @mistake("M18", replaces="softmax_forward")
    def no_max_subtracted(x, *, axis=-1):
        """Subtract the largest score along the axis before exp: it overflows from 89 (float32) or 710 on."""
        return _with_cache(np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True), axis)

    @mistake("M19", replaces="softmax_forward")
    def global_max_subtracted(x, *, axis=-1):
        """Subtract the largest score of each row: with that of all, rows far below it become 0/0."""
        e = np.exp(x - x.max(initial=-np.inf))
        return _with_cache(e / e.sum(axis=axis, keepdims=True), axis)

    @mistake("M20", replaces="softmax_forward")
    def axis_of_the_sum_not_kept(x, *, axis=-1):
        """Keep the axis of the sum (keepdims=True): a square x broadcasts it along the wrong axis."""
        p, cache = softmax_forward(x, axis=axis)
        e = np.exp(x - x.max(axis=axis, keepdims=True, initial=-np.inf))
        return (e / e.sum(axis=axis), cache) if len(set(x.shape)) == 1 else (p, cache)

    @mistake("N67", replaces="softmax_forward")
    def normalized_over_everything(x, *, axis=-1):
        """Normalize along the axis, each row by itself: not by the sum of all."""
        return _with_cache(softmax_forward(x.reshape(-1))[0].reshape(x.shape), axis)

    @mistake("N67", replaces="softmax_forward")
    def normalized_along_the_first_axis(x, *, axis=-1):
        """The axis is the last one unless another is asked for."""
        return softmax_forward(x, axis=0)

    @mistake("N846", replaces="softmax_forward")
    def axis_ignored(x, *, axis=-1):
        """Normalize along the axis that is asked for, not always along the last one."""
        return softmax_forward(x)

    @mistake("N847", replaces="softmax_forward")
    def of_the_negative_scores(x, *, axis=-1):
        """The largest score has the largest probability: exp(x), not exp(-x)."""
        return softmax_forward(-x, axis=axis)

    @mistake("N848", replaces="softmax_forward")
    def divided_by_the_largest(x, *, axis=-1):
        """Divide by the sum of the exponentials, so that the probabilities sum to 1."""
        return _with_cache(np.exp(x - x.max(axis=axis, keepdims=True, initial=-np.inf)), axis)

    @mistake("M23", replaces="softmax_forward")
    def scores_shifted_in_place(x, *, axis=-1):
        """Subtract the maximum from a copy: x -= x.max() changes the caller's scores."""
        x -= x.max(axis=axis, keepdims=True, initial=-np.inf)
        return softmax_forward(x, axis=axis)

    @mistake("M106", replaces="softmax_backward")
    def diagonal_only(dout, cache):
        """Every score moves every probability: dx = p * (dout - sum(p * dout)), not p (1 - p) dout."""
        p, _ = cache
        return p * (1 - p) * dout

    @mistake("N68", replaces="softmax_backward")
    def mean_not_subtracted(dout, cache):
        """Subtract the mean of dout under p: without it the rows of dx do not sum to 0."""
        p, _ = cache
        return p * dout

    @mistake("N68", replaces="softmax_backward")
    def mean_over_all_rows(dout, cache):
        """sum(p * dout) belongs to each row: sum along the axis, not over all rows."""
        p, _ = cache
        return p * (dout - (p * dout).sum())

    @mistake("N849", replaces="softmax_backward")
    def sum_of_dout_itself(dout, cache):
        """What is subtracted from dout is sum(p * dout), weighted by p: not sum(dout)."""
        p, axis = cache
        return p * (dout - dout.sum(axis=axis, keepdims=True))

    @mistake("N846", replaces="softmax_backward")
    def axis_ignored_backwards(dout, cache):
        """The backward sums along the axis of the forward: keep it in the cache."""
        p, _ = cache
        return p * (dout - (p * dout).sum(axis=-1, keepdims=True))


def _with_cache(out, axis):
    """A wrong output with a cache in which it stands."""
    _, cache = softmax_forward(out, axis=axis)
    return out, cache.of((out, axis), cache.op, [out])
