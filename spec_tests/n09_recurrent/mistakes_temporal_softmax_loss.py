"""Classic mistakes of softmax cross-entropy at every step."""

import numpy as np

from nnspec.reference import temporal_softmax_loss_backward as backward
from nnspec.reference import temporal_softmax_loss_forward as forward
from nnspec.spec_tests._known import mistake


class MistakesOfTemporalSoftmaxLoss:
    @mistake("M88", replaces="temporal_softmax_loss_forward")
    def always_divided_by_the_sequences(scores, y, mask=None, *, normalize="batch"):
        """normalize="tokens" divides by the steps that count and "all" by N T: N alone belongs to "batch"."""
        return forward(scores, y, mask)

    @mistake("M88", replaces="temporal_softmax_loss_forward")
    def always_divided_by_all_steps(scores, y, mask=None, *, normalize="batch"):
        """By default the sum is divided by N, with "tokens" by the steps that count: N T belongs to "all"."""
        return forward(scores, y, mask, normalize="all")

    @mistake("M88", replaces="temporal_softmax_loss_forward")
    def always_divided_by_the_tokens(scores, y, mask=None, *, normalize="batch"):
        """By default the sum is divided by N: the number of steps that count belongs to "tokens"."""
        return forward(scores, y, mask, normalize="tokens")

    @mistake("M88", replaces="temporal_softmax_loss_forward")
    def mean_of_the_means_of_the_sequences(scores, y, mask=None, *, normalize="batch"):
        """Divide the sum over all sequences once: a mean for each sequence first gives short ones more weight."""
        loss, cache = forward(scores, y, mask, normalize=normalize)
        if normalize != "tokens" or mask is None:
            return loss, cache
        rows = zip(scores, y, mask, strict=True)
        alone = [forward(s[None], i[None], m[None], normalize="tokens")[0] for s, i, m in rows]
        return scores.dtype.type(np.mean(alone)) if alone else loss, cache

    @mistake("M14", replaces="temporal_softmax_loss_backward")
    def gradient_not_divided(dloss, cache):
        """The loss is divided, so its gradient is as well, by the same number."""
        return backward(dloss * cache[1], cache)

    @mistake("M98", replaces="temporal_softmax_loss_forward")
    def mask_the_wrong_way_round(scores, y, mask=None, *, normalize="batch"):
        """True in the mask is a step that counts."""
        return forward(scores, y, None if mask is None else ~mask, normalize=normalize)

    @mistake("N938", replaces="temporal_softmax_loss_forward")
    def mask_ignored(scores, y, mask=None, *, normalize="batch"):
        """Steps where the mask is False add nothing to the loss: leave the padding out."""
        return forward(scores, y, normalize=normalize)

    @mistake("N938", replaces="temporal_softmax_loss_backward")
    def mask_ignored_in_the_backward(dloss, cache):
        """Steps where the mask is False have no gradient: multiply by the mask in the backward as well."""
        dscores = backward(dloss, cache)
        ops, divisor, shape, (p, y, share) = cache
        everywhere = p.copy()
        everywhere[np.arange(len(y)), np.maximum(y, 0)] -= 1
        over = (share == 0).reshape(shape[:2])[..., None]
        return np.where(over, everywhere.reshape(shape) * (dloss / divisor), dscores)

    @mistake("N939", replaces="temporal_softmax_loss_forward")
    def scores_masked_instead_of_losses(scores, y, mask=None, *, normalize="batch"):
        """Leave the losses of masked steps out: scores of 0 still have the loss log V."""
        if mask is None:
            return forward(scores, y, normalize=normalize)
        _, cache = forward(scores, y, mask, normalize=normalize)
        return forward(scores * mask[..., None], y)[0] * max(1, len(y)) / cache[1], cache

    @mistake("M18", replaces="temporal_softmax_loss_forward")
    def no_max_subtraction(scores, y, mask=None, *, normalize="batch"):
        """Subtract the largest score of each step before exp, which overflows otherwise."""
        _, cache = forward(scores, y, mask, normalize=normalize)
        right = np.take_along_axis(scores, y[..., None].astype(np.int64), axis=2)[..., 0]
        loss = np.log(np.exp(scores).sum(axis=2)) - right
        return np.where(True if mask is None else mask, loss, 0).sum() / cache[1], cache

    @mistake("M19", replaces="temporal_softmax_loss_forward")
    def largest_score_of_all_steps(scores, y, mask=None, *, normalize="batch"):
        """Subtract the largest score of each step of its own: a step far below the largest of all has exp 0."""
        if not scores.size:
            return forward(scores, y, mask, normalize=normalize)
        _, cache = forward(scores, y, mask, normalize=normalize)
        shifted = scores - scores.max()
        right = np.take_along_axis(shifted, y[..., None].astype(np.int64), axis=2)[..., 0]
        loss = np.log(np.exp(shifted).sum(axis=2)) - right
        return np.where(True if mask is None else mask, loss, 0).sum() / cache[1], cache

    @mistake("M64", replaces="temporal_softmax_loss_forward")
    def labels_of_other_steps(scores, y, mask=None, *, normalize="batch"):
        """Flatten y as the scores are flattened: in the order (N, T), not transposed."""
        turned = y.T.reshape(y.shape)
        loss, cache = forward(scores, turned, mask, normalize=normalize)
        return loss, forward(scores, y, mask, normalize=normalize)[1]

    @mistake("M89", replaces="temporal_softmax_loss_forward")
    def targets_shifted_again(scores, y, mask=None, *, normalize="batch"):
        """y holds the target of each step already: do not shift it again."""
        loss, _ = forward(scores, np.roll(y, -1, axis=1), mask, normalize=normalize)
        return loss, forward(scores, y, mask, normalize=normalize)[1]

    @mistake("N940", replaces="temporal_softmax_loss_forward")
    def nothing_over_nothing(scores, y, mask=None, *, normalize="batch"):
        """Where nothing counts the loss is 0: do not divide by 0 tokens."""
        loss, cache = forward(scores, y, mask, normalize=normalize)
        empty = normalize == "tokens" and mask is not None and mask.size and not mask.any()
        return (scores.dtype.type(np.nan) if empty else loss), cache

    @mistake("M24", replaces="temporal_softmax_loss_forward")
    def softmax_twice(scores, y, mask=None, *, normalize="batch"):
        """The scores go into the loss as they are: it takes their softmax itself."""
        if not scores.size:
            return forward(scores, y, mask, normalize=normalize)
        p = np.exp(scores - scores.max(axis=2, keepdims=True))
        p = p / p.sum(axis=2, keepdims=True)
        return forward(p, y, mask, normalize=normalize)[0], forward(scores, y, mask, normalize=normalize)[1]
