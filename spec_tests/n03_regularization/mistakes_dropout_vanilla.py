"""Classic mistakes of vanilla dropout."""

import numpy as np

from nnspec.reference import dropout_vanilla_backward, dropout_vanilla_forward
from nnspec.spec_tests._known import mistake


class MistakesOfDropoutVanilla:
    @mistake("N1557", replaces="dropout_vanilla_forward")
    def inverted(x, *, keep, **options):
        """Vanilla dropout leaves what is kept as it is: dividing by keep belongs to the inverted one."""
        mask = drawn_mask(x, keep=keep, **options)
        return masked_by(x, mask, 1 / keep, x, keep=keep, **options)

    @mistake("N1557", replaces="dropout_vanilla_forward")
    def scaled_in_training(x, *, keep, **options):
        """It is evaluation that multiplies by keep: in training the zeros have already made the mean smaller."""
        mask = drawn_mask(x, keep=keep, **options)
        return masked_by(x, mask, keep, x, keep=keep, **options)

    @mistake("N41", replaces="dropout_vanilla_forward")
    def mask_of_what_is_dropped(x, *, keep, **options):
        """True in the mask means kept."""
        return masked_by(x, ~drawn_mask(x, keep=keep, **options), 1, x, keep=keep, **options)

    @mistake("N42", replaces="dropout_vanilla_forward")
    def given_mask_ignored(x, *, keep, train=True, mask=None, rng=None):
        """Use the mask that is given."""
        return dropout_vanilla_forward(x, keep=keep, train=train, rng=rng or np.random.default_rng(0))

    @mistake("N721", replaces="dropout_vanilla_forward")
    def mask_in_float64(x, *, keep, **options):
        """Keep the dtype: a mask of float64 makes its product with float32 float64."""
        return masked_by(x, drawn_mask(x, keep=keep, **options).astype(np.float64), 1, x, keep=keep, **options)

    @mistake("N1558", replaces="dropout_vanilla_forward", convention=True)
    def infinity_times_0(x, *, keep, **options):
        """What is dropped is 0, also where x is infinite or NaN: choose with the mask instead of multiplying by it."""
        with np.errstate(invalid="ignore"):
            return masked_by(x, drawn_mask(x, keep=keep, **options), 1, x, keep=keep, **options)

    @mistake("M30", replaces="dropout_vanilla_backward")
    def backward_divided_by_keep(dout, cache):
        """dx = dout mask: the backward is not scaled, as the forward is not."""
        return dropout_vanilla_backward(dout, cache) / dout.dtype.type(0.75)

    @mistake("M31", replaces="dropout_vanilla_backward")
    def backward_without_the_mask(dout, cache):
        """Send the gradient through the units that were kept, and no others."""
        return dout * cache[1]

    @mistake("M31", replaces="dropout_vanilla_backward")
    def another_mask_in_the_backward(dout, cache):
        """Use the mask of the forward in the backward: keep it in the cache."""
        _, scale = cache
        return dout * (np.random.default_rng(1).random(dout.shape) < 0.5) * scale


class MistakesOfDropoutVanillaDrawn:
    @mistake("M29", replaces="dropout_vanilla_forward")
    def keep_taken_for_the_probability_of_dropping(x, *, keep, **options):
        """keep is the probability of keeping; PyTorch's p is that of dropping."""
        return dropout_vanilla_forward(x, keep=1 - keep if keep < 1 else 1.0, **options)

    @mistake("N722", replaces="dropout_vanilla_forward", convention=True)
    def kept_at_equality(x, *, keep, rng):
        """A unit is kept where u < keep; at u = keep it is dropped."""
        return dropout_vanilla_forward(x, keep=keep, mask=rng.random(x.shape) <= keep)


class MistakesOfDropoutVanillaMask:
    @mistake("M29", replaces="dropout_vanilla_forward")
    def keep_taken_for_the_probability_of_dropping(x, *, keep, rng):
        """keep is the probability of keeping; PyTorch's p is that of dropping."""
        return dropout_vanilla_forward(x, keep=1 - keep, rng=rng)

    @mistake("M30", replaces="dropout_vanilla_forward")
    def divided_by_keep(x, *, keep, rng):
        """The mean of what is kept is keep x: evaluation scales, and training does not divide."""
        return masked_by(x, drawn_mask(x, keep=keep, rng=rng), 1 / keep, x, keep=keep, rng=rng)

    @mistake("M32", replaces="dropout_vanilla_forward")
    def one_row_for_the_batch(x, *, keep, rng):
        """Draw a mask for every sample, not one row for the whole batch."""
        row = drawn_mask(x, keep=keep, rng=rng)[:1]
        return dropout_vanilla_forward(x, keep=keep, mask=np.broadcast_to(row, x.shape))

    @mistake("N43", replaces="dropout_vanilla_forward")
    def the_same_mask_in_every_call(x, *, keep, rng):
        """Draw from the generator that is given: a seed of one's own repeats the mask."""
        return dropout_vanilla_forward(x, keep=keep, rng=np.random.default_rng(0))


class MistakesOfDropoutVanillaEval:
    @mistake("M30", replaces="dropout_vanilla_forward")
    def evaluation_not_scaled(x, *, keep, train, **options):
        """Multiply by keep in evaluation: in training a unit is there only that often."""
        return dropout_vanilla_forward(x, keep=1.0, train=train)

    @mistake("M29", replaces="dropout_vanilla_forward")
    def scaled_by_what_is_dropped(x, *, keep, train, **options):
        """Evaluation multiplies by the probability of keeping, and not by that of dropping."""
        return masked_by(x, np.ones(x.shape, bool), 1 - keep, x, keep=keep, train=train, **options)

    @mistake("N1557", replaces="dropout_vanilla_forward")
    def divided_in_evaluation(x, *, keep, train, **options):
        """Evaluation multiplies by keep: more units are there than in training."""
        return masked_by(x, np.ones(x.shape, bool), 1 / keep, x, keep=keep, train=train, **options)

    @mistake("M31", replaces="dropout_vanilla_forward")
    def dropped_in_evaluation(x, *, keep, train, **options):
        """Drop nothing without train."""
        return dropout_vanilla_forward(x, keep=keep, **({"rng": np.random.default_rng(0)} | options))

    @mistake("M30", replaces="dropout_vanilla_backward")
    def gradient_not_scaled_in_evaluation(dout, cache):
        """The gradient is scaled as the output is: in evaluation dx = keep dout."""
        mask, _ = cache
        return np.where(mask, dout, 0)


def drawn_mask(x, **options):
    _, (mask, _) = dropout_vanilla_forward(x, **options)
    return mask


def masked_by(x, mask, scale, *args, **options):
    """A forward's answer with another mask or scale, and a cache for the reference's backward."""
    _, cache = dropout_vanilla_forward(*args, **options)
    out = x * mask * x.dtype.type(scale)
    return out, cache.of((mask, scale), cache.op, [out])
