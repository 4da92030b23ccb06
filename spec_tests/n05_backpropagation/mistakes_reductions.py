"""Classic mistakes of sums, means and maxima over axes."""

import numpy as np

from nnspec.reference import (
    reduce_max_backward,
    reduce_max_forward,
    reduce_mean_backward,
    reduce_mean_forward,
    reduce_sum_backward,
    reduce_sum_forward,
)
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n05_backpropagation._reductions import maxima, spread


class MistakesOfReduceSum:
    @mistake("M17", replaces="reduce_sum_forward")
    def axis_forgotten(x, *, axis=None, keepdims=False):
        """Hand the axis on: without it everything is added up."""
        out, cache = reduce_sum_forward(x, axis=axis, keepdims=keepdims)
        return np.full_like(out, x.sum()), cache

    @mistake("M17", replaces="reduce_sum_forward")
    def axis_from_the_other_end(x, *, axis=None, keepdims=False):
        """Axis 0 is the first one: where all sizes are equal, the sums over another axis fit as well."""
        out, cache = reduce_sum_forward(x, axis=axis, keepdims=keepdims)
        other = x.T.sum(axis=axis if axis is None or type(axis) is int else tuple(axis), keepdims=keepdims)
        return (np.asarray(other) if np.shape(other) == out.shape else out), cache

    @mistake("M20", replaces="reduce_sum_forward")
    def keepdims_ignored(x, *, axis=None, keepdims=False):
        """With keepdims the axes stay, of size 1, so that out broadcasts against x."""
        out, cache = reduce_sum_forward(x, axis=axis)
        return out, cache

    @mistake("M20", replaces="reduce_sum_forward")
    def always_kept(x, *, axis=None, keepdims=False):
        """Without keepdims the axes go."""
        return reduce_sum_forward(x, axis=axis, keepdims=True)

    @mistake("N1318", replaces="reduce_sum_forward")
    def only_the_first_axis(x, *, axis=None, keepdims=False):
        """Of several axes all are summed over."""
        out, cache = reduce_sum_forward(x, axis=axis, keepdims=keepdims)
        if type(axis) is tuple and len(axis) > 1:
            first, _ = reduce_sum_forward(x, axis=axis[0], keepdims=True)
            out = first.max(axis=axis, keepdims=keepdims)
        return out, cache

    @mistake("N1319", replaces="reduce_sum_backward")
    def share_for_sum(dout, cache):
        """A sum hands dout to everyone in full; an equal share is what a mean hands on."""
        dx = reduce_sum_backward(dout, cache)
        return dx * dx.dtype.type(dout.size / max(1, dx.size))

    @mistake("M20", replaces="reduce_sum_backward")
    def broadcast_along_the_wrong_axis(dout, cache):
        """Give dout its axes back before it is broadcast: (N,) against (N, N) goes along the other axis."""
        shape, _ = cache
        dx = reduce_sum_backward(dout, cache)
        fits = dout.shape == shape[len(shape) - dout.ndim :]
        return np.broadcast_to(dout, shape).copy() if fits else dx

    @mistake("N1320", replaces="reduce_sum_backward")
    def a_read_only_view(dout, cache):
        """Return an array of its own: a broadcast view has one number in many places."""
        shape, axes = cache
        return np.broadcast_to(dout.reshape([1 if i in axes else n for i, n in enumerate(shape)]), shape)


class MistakesOfReduceMean:
    @mistake("M17", replaces="reduce_mean_forward")
    def divided_by_the_batch(x, *, axis=None, keepdims=False):
        """Divide by how many entries go into one output, not by the first size of x."""
        out, (shape, axes, n) = reduce_mean_forward(x, axis=axis, keepdims=keepdims)
        count = shape[0] if shape else 1
        return out * out.dtype.type(n / max(1, count)), (shape, axes, n)

    @mistake("M17", replaces="reduce_mean_forward")
    def divided_by_the_size(x, *, axis=None, keepdims=False):
        """Divide by how many entries go into one output: x.size is that only of all axes."""
        out, (shape, axes, n) = reduce_mean_forward(x, axis=axis, keepdims=keepdims)
        return out * out.dtype.type(n / max(1, x.size)), (shape, axes, n)

    @mistake("N1319", replaces="reduce_mean_backward")
    def gradient_not_divided(dout, cache):
        """Each entry has its share of the gradient: dout / n."""
        shape, axes, n = cache
        return reduce_mean_backward(dout, cache) * dout.dtype.type(n)

    @mistake("N1319", replaces="reduce_mean_backward")
    def gradient_divided_by_the_size(dout, cache):
        """n counts the entries of one line, not those of x."""
        shape, axes, n = cache
        return reduce_mean_backward(dout, cache) * dout.dtype.type(n / max(1, int(np.prod(shape))))

    @mistake("M20", replaces="reduce_mean_forward")
    def keepdims_ignored(x, *, axis=None, keepdims=False):
        """With keepdims the axes stay, of size 1."""
        return reduce_mean_forward(x, axis=axis)

    @mistake("N1321", replaces="reduce_mean_forward")
    def mean_of_what_is_not_zero(x, *, axis=None, keepdims=False):
        """A mean divides by all entries; the sum is not the mean."""
        out, cache = reduce_mean_forward(x, axis=axis, keepdims=keepdims)
        return out * out.dtype.type(cache[2]), cache


class MistakesOfReduceMax:
    @mistake("M65", replaces="reduce_max_backward", convention=True)
    def all_equals_have_it_in_full(dout, cache):
        """Of equal maxima one has the gradient, the first: else dx sums to more than dout."""
        return spread(dout, cache) * maxima(cache)

    @mistake("N24", replaces="reduce_max_backward", convention=True)
    def last_of_equals_wins(dout, cache):
        """Of equal maxima the first one has the gradient, not the last."""
        x, axes, _ = cache
        turned = x[tuple(slice(None, None, -1) for _ in x.shape)]
        out, other = reduce_max_forward(turned, axis=axes)
        dx = reduce_max_backward(dout[tuple(slice(None, None, -1) for _ in dout.shape)], other)
        return dx[tuple(slice(None, None, -1) for _ in x.shape)].copy()

    @mistake("N1319", replaces="reduce_max_backward")
    def gradient_to_everyone(dout, cache):
        """Only the largest entry has a gradient: a maximum hands it all to the winner."""
        return spread(dout, cache).copy()

    @mistake("N1319", replaces="reduce_max_backward")
    def share_for_the_winner(dout, cache):
        """The winner has all of dout: it is a mean that divides by n."""
        x, axes, _ = cache
        return reduce_max_backward(dout, cache) * dout.dtype.type(dout.size / max(1, x.size))

    @mistake("M17", replaces="reduce_max_forward")
    def axis_forgotten(x, *, axis=None, keepdims=False):
        """Hand the axis on: the maximum of everything is not that of each line."""
        out, cache = reduce_max_forward(x, axis=axis, keepdims=keepdims)
        return np.full_like(out, x.max()), cache

    @mistake("N1322", replaces="reduce_max_forward")
    def of_magnitudes(x, *, axis=None, keepdims=False):
        """The largest entry, not the one that is farthest from 0."""
        out, cache = reduce_max_forward(x, axis=axis, keepdims=keepdims)
        return np.asarray(abs(x).max(axis=cache[1], keepdims=keepdims)), cache

    @mistake("N1322", replaces="reduce_max_forward")
    def begun_with_zero(x, *, axis=None, keepdims=False):
        """Begin with the first entry: all may lie below 0."""
        out, cache = reduce_max_forward(x, axis=axis, keepdims=keepdims)
        return np.maximum(out, 0), cache

    @mistake("N25", replaces="reduce_max_forward", convention=True)
    def nan_passed_over(x, *, axis=None, keepdims=False):
        """NaN wins: a maximum that passes over it hides that something went wrong."""
        told = np.nan_to_num(x, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        return reduce_max_forward(told, axis=axis, keepdims=keepdims)
