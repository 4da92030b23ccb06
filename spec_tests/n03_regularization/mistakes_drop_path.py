"""Classic mistakes of stochastic depth."""

import numpy as np

from nnspec.reference import drop_path_backward, drop_path_forward, dropout_forward
from nnspec.spec_tests._known import mistake


class MistakesOfDropPath:
    @mistake("M30", replaces="drop_path_forward")
    def division_forgotten(branch, skip=None, *, keep, mask=None, **options):
        """Divide the branch by keep in training, or evaluation must scale instead."""
        _, cache = drop_path_forward(branch, skip, keep=keep, mask=mask, **options)
        return with_skip(np.where(along(mask, branch), branch, 0), skip), cache

    @mistake("N1706", replaces="drop_path_forward")
    def skip_dropped_as_well(branch, skip=None, *, keep, mask=None, **options):
        """Only the branch is dropped: the skip is what goes on without it."""
        _, cache = drop_path_forward(branch, skip, keep=keep, mask=mask, **options)
        return drop_path_forward(with_skip(branch, skip), keep=keep, mask=mask, **options)[0], cache

    @mistake("N1706", replaces="drop_path_forward")
    def skip_dropped_instead(branch, skip=None, *, keep, mask=None, **options):
        """The branch comes first and is dropped; the skip comes second and is not."""
        if skip is None:
            return drop_path_forward(branch, keep=keep, mask=mask, **options)
        return drop_path_forward(skip, branch, keep=keep, mask=mask, **options)

    @mistake("N1706", replaces="drop_path_forward")
    def branch_or_skip(branch, skip=None, *, keep, mask=None, **options):
        """A branch that is kept is added to the skip, and does not take its place."""
        out, cache = drop_path_forward(branch, skip, keep=keep, mask=mask, **options)
        return (out if skip is None else out - np.where(along(mask, branch), skip, 0)), cache

    @mistake("N1706", replaces="drop_path_backward")
    def gradient_of_the_skip_masked(dout, cache):
        """The skip is never dropped: its gradient is dout."""
        dbranch, dskip = drop_path_backward(dout, cache)
        return dbranch, None if dskip is None else dbranch.copy()

    @mistake("M32", replaces="drop_path_forward")
    def one_draw_for_the_batch(branch, skip=None, *, keep, mask=None, **options):
        """Every sample has an entry of the mask: the first one is not for all."""
        return drop_path_forward(branch, skip, keep=keep, mask=np.repeat(mask[:1], len(mask)), **options)

    @mistake("N1707", replaces="drop_path_forward")
    def along_the_last_axis(branch, skip=None, *, keep, mask=None, **options):
        """The mask is of samples, the first axis: (N,) alone broadcasts along the last one."""
        if mask.size != branch.shape[-1]:
            return drop_path_forward(branch, skip, keep=keep, mask=mask, **options)
        _, cache = drop_path_forward(branch, skip, keep=keep, mask=mask, **options)
        return with_skip(np.where(mask, branch / branch.dtype.type(keep), 0), skip), cache

    @mistake("N41", replaces="drop_path_forward")
    def mask_of_what_is_dropped(branch, skip=None, *, keep, mask=None, **options):
        """True in the mask means kept."""
        return drop_path_forward(branch, skip, keep=keep, mask=~mask, **options)

    @mistake("N42", replaces="drop_path_forward")
    def given_mask_ignored(branch, skip=None, *, keep, mask=None, **options):
        """Use the mask that is given."""
        return drop_path_forward(branch, skip, keep=keep, rng=np.random.default_rng(0), **options)

    @mistake("M29", replaces="drop_path_forward")
    def divided_by_the_probability_of_dropping(branch, skip=None, *, keep, mask=None, **options):
        """keep is the probability of keeping: divide by keep, not by 1 - keep."""
        _, cache = drop_path_forward(branch, skip, keep=keep, mask=mask, **options)
        with np.errstate(divide="ignore", invalid="ignore"):
            return with_skip(np.where(along(mask, branch), branch / branch.dtype.type(1 - keep), 0), skip), cache

    @mistake("M31", replaces="drop_path_backward")
    def backward_without_the_mask(dout, cache):
        """Send the gradient through the branches that were kept, and no others."""
        _, (_, keep), _ = cache
        return dout / dout.dtype.type(keep), drop_path_backward(dout, cache)[1]

    @mistake("M30", replaces="drop_path_backward")
    def backward_not_scaled(dout, cache):
        """dbranch = dout mask / keep: the backward is scaled like the forward."""
        _, (_, keep), _ = cache
        dbranch, dskip = drop_path_backward(dout, cache)
        return dbranch * dout.dtype.type(keep), dskip


class MistakesOfDropPathDrawn:
    @mistake("N1707", replaces="drop_path_forward")
    def entries_dropped(branch, skip=None, *, keep, rng, **options):
        """Draw for each sample, not for each entry."""
        kept, _ = dropout_forward(branch, keep=keep, rng=rng, **options)
        some = (kept != 0).reshape(len(kept), -1).any(axis=1)
        return with_skip(kept, skip), drop_path_forward(branch, skip, keep=keep, mask=some, **options)[1]

    @mistake("N722", replaces="drop_path_forward", convention=True)
    def kept_at_equality(branch, skip=None, *, keep, rng):
        """A branch is kept where u < keep; at u = keep it is dropped."""
        return drop_path_forward(branch, skip, keep=keep, mask=rng.random(len(branch)) <= keep)


class MistakesOfDropPathMask:
    @mistake("M29", replaces="drop_path_forward")
    def keep_taken_for_the_probability_of_dropping(branch, skip=None, *, keep, rng):
        """keep is the probability of keeping; timm's drop_prob is that of dropping."""
        return drop_path_forward(branch, skip, keep=1 - keep, rng=rng)

    @mistake("M30", replaces="drop_path_forward")
    def division_forgotten(branch, skip=None, *, keep, rng):
        """Divide by keep, so that the mean of out is that of the branch."""
        kept, cache = drop_path_forward(branch, keep=keep, rng=rng)
        return with_skip(kept * keep, skip), cache

    @mistake("M32", replaces="drop_path_forward")
    def one_draw_for_the_batch(branch, skip=None, *, keep, rng):
        """Draw for every sample, not once for the whole batch."""
        return drop_path_forward(branch, skip, keep=keep, mask=np.repeat(rng.random(1) < keep, len(branch)))

    @mistake("N1707", replaces="drop_path_forward")
    def entries_dropped(branch, skip=None, *, keep, rng):
        """Draw for each sample, not for each entry."""
        return dropout_forward(branch, keep=keep, rng=rng)

    @mistake("N43", replaces="drop_path_forward")
    def the_same_mask_in_every_call(branch, skip=None, *, keep, rng):
        """Draw from the generator that is given: a seed of one's own repeats the mask."""
        return drop_path_forward(branch, skip, keep=keep, rng=np.random.default_rng(0))


class MistakesOfDropPathEval:
    @mistake("M31", replaces="drop_path_forward")
    def dropped_in_evaluation(branch, skip=None, *, keep, train, **options):
        """Drop nothing without train: the full branch."""
        return drop_path_forward(branch, skip, keep=keep, **({"rng": np.random.default_rng(0)} | options))

    @mistake("M30", replaces="drop_path_forward")
    def scaled_in_evaluation_too(branch, skip=None, *, keep, train, **options):
        """Without train out = skip + branch: it is training that divides by keep, so that nothing is left to scale."""
        _, cache = drop_path_forward(branch, skip, keep=keep, train=train, **options)
        return with_skip(branch * branch.dtype.type(keep), skip), cache


def along(mask, branch):
    """The mask of samples, so that it broadcasts."""
    return mask.reshape(-1, *[1] * (branch.ndim - 1))


def with_skip(kept, skip):
    return kept if skip is None else skip + kept
