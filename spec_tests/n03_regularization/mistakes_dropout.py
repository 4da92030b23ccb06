"""Classic mistakes of dropout."""

import numpy as np

from nnspec.reference import dropout_backward, dropout_forward
from nnspec.spec_tests._known import mistake


class MistakesOfDropout:
    @mistake("M30", replaces="dropout_forward")
    def division_forgotten(x, *, keep, **options):
        """Divide by keep in training, or evaluation must scale instead."""
        return masked_by(x, drawn_mask(x, keep=keep, **options)[0], 1, drawn_mask(x, keep=keep, **options))

    @mistake("M29", replaces="dropout_forward")
    def divided_by_the_probability_of_dropping(x, *, keep, **options):
        """keep is the probability of keeping: divide by keep, not by 1 - keep."""
        cache = drawn_mask(x, keep=keep, **options)
        with np.errstate(divide="ignore", invalid="ignore"):
            return masked_by(x, cache[0], np.float64(1 - keep), cache)

    @mistake("N41", replaces="dropout_forward")
    def mask_of_what_is_dropped(x, *, keep, **options):
        """True in the mask means kept."""
        cache = drawn_mask(x, keep=keep, **options)
        return masked_by(x, ~cache[0], keep, cache)

    @mistake("N42", replaces="dropout_forward")
    def given_mask_ignored(x, *, keep, train=True, mask=None, rng=None):
        """Use the mask that is given."""
        return dropout_forward(x, keep=keep, train=train, rng=rng or np.random.default_rng(0))

    @mistake("N721", replaces="dropout_forward")
    def scaled_mask_in_float64(x, *, keep, **options):
        """Keep the dtype: mask / keep alone is float64, and so is its product with float32."""
        cache = drawn_mask(x, keep=keep, **options)
        return x * (cache[0] / np.float64(keep)), cache

    @mistake("M30", replaces="dropout_backward")
    def backward_not_scaled(dout, cache):
        """dx = dout mask / keep: the backward is scaled like the forward."""
        mask, _ = cache
        return dout * mask

    @mistake("M31", replaces="dropout_backward")
    def backward_without_the_mask(dout, cache):
        """Send the gradient through the units that were kept, and no others."""
        _, keep = cache
        return dout / keep

    @mistake("M31", replaces="dropout_backward")
    def another_mask_in_the_backward(dout, cache):
        """Use the mask of the forward in the backward: keep it in the cache."""
        mask, keep = cache
        again = np.random.default_rng(0).random(dout.shape) < keep
        return dropout_backward(dout, cache) * (again | ~mask)


class MistakesOfDropoutDrawn:
    @mistake("M29", replaces="dropout_forward")
    def keep_taken_for_the_probability_of_dropping(x, *, keep, **options):
        """keep is the probability of keeping; PyTorch's p is that of dropping."""
        return dropout_forward(x, keep=1 - keep if keep < 1 else 1, **options)

    @mistake("N722", replaces="dropout_forward", convention=True)
    def kept_at_equality(x, *, keep, rng):
        """A unit is kept where u < keep; at u = keep it is dropped."""
        u = rng.random(x.shape)
        return dropout_forward(x, keep=keep, mask=u <= keep)

    @mistake("M31", replaces="dropout_backward")
    def another_mask_in_the_backward(dout, cache):
        """Use the mask of the forward in the backward: keep it in the cache."""
        _, keep = cache
        return dout * (np.random.default_rng(1).random(dout.shape) < keep) / keep


class MistakesOfDropoutMask:
    @mistake("M29", replaces="dropout_forward")
    def keep_taken_for_the_probability_of_dropping(x, *, keep, rng):
        """keep is the probability of keeping; PyTorch's p is that of dropping."""
        return dropout_forward(x, keep=1 - keep, rng=rng)

    @mistake("M30", replaces="dropout_forward")
    def division_forgotten(x, *, keep, rng):
        """Divide by keep, so that the mean of out is that of x."""
        cache = drawn_mask(x, keep=keep, rng=rng)
        return masked_by(x, cache[0], 1, cache)

    @mistake("M32", replaces="dropout_forward")
    def one_row_for_the_batch(x, *, keep, rng):
        """Draw a mask for every sample, not one row for the whole batch."""
        cache = drawn_mask(x, keep=keep, rng=rng)
        return masked_by(x, np.broadcast_to(cache[0][:1], x.shape), keep, cache)

    @mistake("M32", replaces="dropout_forward")
    def one_draw_for_a_sample(x, *, keep, rng):
        """Draw for every feature, not one number for a whole sample."""
        cache = drawn_mask(x, keep=keep, rng=rng)
        first = cache[0].reshape(len(x), -1)[:, 0].reshape(-1, *[1] * (x.ndim - 1))
        return masked_by(x, np.broadcast_to(first, x.shape), keep, cache)

    @mistake("N43", replaces="dropout_forward")
    def the_same_mask_in_every_call(x, *, keep, rng):
        """Draw from the generator that is given: a seed of one's own repeats the mask."""
        return dropout_forward(x, keep=keep, rng=np.random.default_rng(0))


class MistakesOfDropoutEval:
    @mistake("M31", replaces="dropout_forward")
    def dropped_in_evaluation(x, *, keep, train, **options):
        """Drop nothing without train."""
        return dropout_forward(x, keep=keep, **({"rng": np.random.default_rng(0)} | options))

    @mistake("M30", replaces="dropout_forward")
    def scaled_in_evaluation_too(x, *, keep, train, **options):
        """Without train out = x: it is training that divides by keep, so that nothing is left to scale."""
        cache = drawn_mask(x, keep=keep, train=train, **options)
        return masked_by(x, True, 1 / keep, cache)

    @mistake("M31", replaces="dropout_backward")
    def gradient_dropped_in_evaluation(dout, cache):
        """Nothing was dropped: without train dx = dout."""
        return dout * (np.random.default_rng(0).random(dout.shape) < 0.5)

    @mistake("N44", replaces="dropout_forward")
    def x_itself(x, **options):
        """Return a new array: out must not be x itself."""
        return x, drawn_mask(x, **options)


def masked_by(x, mask, keep, cache):
    """A forward's answer with another mask or scale, and a cache for the reference's backward."""
    out = x * mask / x.dtype.type(keep)
    return out, cache.of((mask, keep), cache.op, [out])


def drawn_mask(x, **options):
    _, cache = dropout_forward(x, **options)
    return cache
