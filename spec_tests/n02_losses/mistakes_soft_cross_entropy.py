"""Classic mistakes of the cross-entropy of soft targets."""

import numpy as np

from nnspec.reference import soft_cross_entropy_backward, soft_cross_entropy_forward
from nnspec.spec_tests._known import mistake


class MistakesOfSoftCrossEntropy:
    @mistake("M14", replaces="soft_cross_entropy_backward")
    def gradient_not_divided_by_n(dloss, cache):
        """Divide the gradient by N, as the mean does with the loss."""
        return soft_cross_entropy_backward(dloss, cache) * cache[2]

    @mistake("M14", replaces="soft_cross_entropy_forward")
    def divided_by_all_entries(scores, t, *, reduction="mean"):
        """Divide by the number of rows: the mean over classes as well is C times too small."""
        loss, cache = soft_cross_entropy_forward(scores, t, reduction=reduction)
        return loss / (t.shape[1] if reduction == "mean" else 1), cache

    @mistake("M18", replaces="soft_cross_entropy_forward")
    def no_max_subtracted(scores, t, *, reduction="mean"):
        """Subtract the row maximum before exp: it overflows from 89 (float32) or 710 on."""
        e = np.exp(scores)
        return _loss_of(e / e.sum(axis=1, keepdims=True), scores, t, reduction)

    @mistake("M19", replaces="soft_cross_entropy_forward")
    def global_max_subtracted(scores, t, *, reduction="mean"):
        """Subtract each row's own maximum: with the global one, rows far below it become 0/0."""
        e = np.exp(scores - scores.max(initial=-np.inf))
        return _loss_of(e / e.sum(axis=1, keepdims=True), scores, t, reduction)

    @mistake("M21", replaces="soft_cross_entropy_forward")
    def log_of_p_plus_epsilon(scores, t, *, reduction="mean"):
        """Take log p from the shifted scores: log(p + 1e-8) caps the loss at 18.4."""
        _, cache = soft_cross_entropy_forward(scores, t, reduction=reduction)
        return _reduced(-(t * np.log(cache[0] + t.dtype.type(1e-8))).sum(axis=1), reduction), cache

    @mistake("M22", replaces="soft_cross_entropy_backward")
    def target_not_subtracted(dloss, cache):
        """Subtract the target from p: dscores = p - t."""
        p, _, divisor = cache
        return p * (dloss / divisor)[..., None]

    @mistake("M22", replaces="soft_cross_entropy_backward")
    def one_subtracted_at_the_likeliest(dloss, cache):
        """Subtract the whole target, not 1 at its largest entry."""
        p, t, divisor = cache
        hard = np.eye(t.shape[1], dtype=t.dtype)[t.argmax(axis=1)]
        return (p - hard) * (dloss / divisor)[..., None]

    @mistake("M24", replaces="soft_cross_entropy_forward")
    def softmax_applied_twice(scores, t, *, reduction="mean"):
        """Feed scores, not probabilities: softmax is part of this loss."""
        _, cache = soft_cross_entropy_forward(scores, t, reduction=reduction)
        return soft_cross_entropy_forward(cache[0], t, reduction=reduction)

    @mistake("N1128", replaces="soft_cross_entropy_forward")
    def hard_targets(scores, t, *, reduction="mean"):
        """Every class has its share of the target: argmax throws away what makes it soft."""
        hard = np.eye(t.shape[1], dtype=t.dtype)[t.argmax(axis=1)]
        return soft_cross_entropy_forward(scores, hard, reduction=reduction)

    @mistake("N1128", replaces="soft_cross_entropy_forward")
    def targets_through_a_softmax(scores, t, *, reduction="mean"):
        """Targets are distributions already: only the scores go through the softmax."""
        e = np.exp(t)
        return soft_cross_entropy_forward(scores, e / e.sum(axis=1, keepdims=True), reduction=reduction)

    @mistake("M27", replaces="soft_cross_entropy_forward")
    def entropy_taken_away(scores, t, *, reduction="mean"):
        """The entropy of the targets stays in: without it, it is the KL divergence, which has the same gradient."""
        loss, cache = soft_cross_entropy_forward(scores, t, reduction=reduction)
        entropy = -(t * np.log(np.where(t > 0, t, 1))).sum(axis=1)
        return loss - _reduced(entropy, reduction), cache

    @mistake("N712", replaces="soft_cross_entropy_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each row."""
        return soft_cross_entropy_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="soft_cross_entropy_forward")
    def always_the_mean(scores, t, *, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss a row."""
        return soft_cross_entropy_forward(scores, t)

    @mistake("N716", replaces="soft_cross_entropy_forward")
    def sign_of_the_loss(scores, t, *, reduction="mean"):
        """The loss is minus log p."""
        loss, cache = soft_cross_entropy_forward(scores, t, reduction=reduction)
        return -loss, cache


def _loss_of(p, scores, t, reduction):
    """The loss that follows from wrong probabilities, with a cache in which they stand."""
    _, cache = soft_cross_entropy_forward(scores, t, reduction=reduction)
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = _reduced(-(t * np.log(p)).sum(axis=1), reduction)
    return loss, cache.of((p, t, cache[2]), cache.op, [loss])


def _reduced(losses, reduction):
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / max(1, len(losses))}[reduction]
