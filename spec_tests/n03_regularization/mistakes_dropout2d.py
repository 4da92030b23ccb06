"""Classic mistakes of spatial dropout."""

import numpy as np

from nnspec.reference import dropout2d_backward, dropout2d_forward, dropout_forward
from nnspec.spec_tests._known import mistake


class MistakesOfDropout2d:
    @mistake("M30", replaces="dropout2d_forward")
    def division_forgotten(x, *, keep, mask=None, **options):
        """Divide by keep in training, or evaluation must scale instead."""
        return np.where(mask[:, :, None, None], x, 0), dropout2d_forward(x, keep=keep, mask=mask, **options)[1]

    @mistake("M32", replaces="dropout2d_forward")
    def one_mask_for_the_batch(x, *, keep, mask=None, **options):
        """Every sample has a row of the mask: the first one is not for all."""
        return dropout2d_forward(x, keep=keep, mask=np.repeat(mask[:1], len(mask), axis=0), **options)

    @mistake("N1575", replaces="dropout2d_forward")
    def samples_for_channels(x, *, keep, mask=None, **options):
        """mask is (N, C): samples first."""
        turned = mask.T if mask.shape[0] == mask.shape[1] else mask[::-1, ::-1]
        return dropout2d_forward(x, keep=keep, mask=turned, **options)

    @mistake("N41", replaces="dropout2d_forward")
    def mask_of_what_is_dropped(x, *, keep, mask=None, **options):
        """True in the mask means kept."""
        return dropout2d_forward(x, keep=keep, mask=~mask, **options)

    @mistake("N42", replaces="dropout2d_forward")
    def given_mask_ignored(x, *, keep, mask=None, **options):
        """Use the mask that is given."""
        return dropout2d_forward(x, keep=keep, rng=np.random.default_rng(0), **options)

    @mistake("M29", replaces="dropout2d_forward")
    def divided_by_the_probability_of_dropping(x, *, keep, mask=None, **options):
        """keep is the probability of keeping: divide by keep, not by 1 - keep."""
        _, cache = dropout2d_forward(x, keep=keep, mask=mask, **options)
        with np.errstate(divide="ignore", invalid="ignore"):
            return x * mask[:, :, None, None] / x.dtype.type(1 - keep), cache

    @mistake("M31", replaces="dropout2d_backward")
    def backward_without_the_mask(dout, cache):
        """Send the gradient through the channels that were kept, and no others."""
        _, (_, keep) = cache
        return dout / dout.dtype.type(keep)

    @mistake("M30", replaces="dropout2d_backward")
    def backward_not_scaled(dout, cache):
        """dx = dout mask / keep: the backward is scaled like the forward."""
        _, (_, keep) = cache
        return dropout2d_backward(dout, cache) * dout.dtype.type(keep)


class MistakesOfDropout2dDrawn:
    @mistake("N1575", replaces="dropout2d_forward")
    def pixels_dropped(x, *, keep, rng, **options):
        """Draw for each channel, not for each pixel."""
        out, cache = dropout_forward(x, keep=keep, rng=rng, **options)
        return out, dropout2d_forward(x, keep=keep, mask=(out != 0).any(axis=(2, 3)), **options)[1]

    @mistake("N722", replaces="dropout2d_forward", convention=True)
    def kept_at_equality(x, *, keep, rng):
        """A channel is kept where u < keep; at u = keep it is dropped."""
        return dropout2d_forward(x, keep=keep, mask=rng.random(x.shape[:2]) <= keep)


class MistakesOfDropout2dMask:
    @mistake("M29", replaces="dropout2d_forward")
    def keep_taken_for_the_probability_of_dropping(x, *, keep, rng):
        """keep is the probability of keeping; PyTorch's p is that of dropping."""
        return dropout2d_forward(x, keep=1 - keep, rng=rng)

    @mistake("M32", replaces="dropout2d_forward")
    def one_row_for_the_batch(x, *, keep, rng):
        """Draw a mask for every sample, not one row for the whole batch."""
        row = rng.random((1, x.shape[1])) < keep
        return dropout2d_forward(x, keep=keep, mask=np.repeat(row, len(x), axis=0))

    @mistake("N1575", replaces="dropout2d_forward")
    def pixels_dropped(x, *, keep, rng):
        """Draw for each channel, not for each pixel."""
        return dropout_forward(x, keep=keep, rng=rng)

    @mistake("N1575", replaces="dropout2d_forward")
    def samples_dropped(x, *, keep, rng):
        """Draw for each channel, not for a whole sample."""
        kept = np.repeat(rng.random((len(x), 1)) < keep, x.shape[1], axis=1)
        return dropout2d_forward(x, keep=keep, mask=kept)

    @mistake("N43", replaces="dropout2d_forward")
    def the_same_mask_in_every_call(x, *, keep, rng):
        """Draw from the generator that is given: a seed of one's own repeats the mask."""
        return dropout2d_forward(x, keep=keep, rng=np.random.default_rng(0))


class MistakesOfDropout2dEval:
    @mistake("M31", replaces="dropout2d_forward")
    def dropped_in_evaluation(x, *, keep, train, **options):
        """Drop nothing without train."""
        return dropout2d_forward(x, keep=keep, **({"rng": np.random.default_rng(0)} | options))

    @mistake("N44", replaces="dropout2d_forward")
    def x_itself(x, **options):
        """Return a new array: out must not be x itself."""
        return x, dropout2d_forward(x, **options)[1]
