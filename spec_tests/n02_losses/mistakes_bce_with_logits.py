"""Classic mistakes of binary cross-entropy from scores."""

import numpy as np

from nnspec.reference import bce_with_logits_backward, bce_with_logits_forward
from nnspec.spec_tests._known import mistake


class MistakesOfBceWithLogits:
    @mistake("M26", replaces="bce_with_logits_forward")
    def log_of_rounded_probabilities(scores, y, *, pos_weight=1.0, reduction="mean"):
        """Take the loss from the scores: a p that was rounded to 0 or 1 has the logarithm -inf."""
        _, cache = bce_with_logits_forward(scores, y, pos_weight=pos_weight, reduction=reduction)
        with np.errstate(all="ignore"):
            p = 1 / (1 + np.exp(-scores))
            return _reduced(-pos_weight * y * np.log(p) - (1 - y) * np.log(1 - p), reduction), cache

    @mistake("M54", replaces="bce_with_logits_forward")
    def exp_that_overflows(scores, y, *, pos_weight=1.0, reduction="mean"):
        """log(1 + e^s) overflows from 89 (float32) or 710 on: it is max(s, 0) + log(1 + e^-|s|)."""
        _, cache = bce_with_logits_forward(scores, y, pos_weight=pos_weight, reduction=reduction)
        with np.errstate(all="ignore"):
            losses = pos_weight * y * np.log1p(np.exp(-scores)) + (1 - y) * np.log1p(np.exp(scores))
        return _reduced(losses, reduction), cache

    @mistake("M21", replaces="bce_with_logits_forward")
    def probabilities_clipped(scores, y, *, pos_weight=1.0, reduction="mean"):
        """Take the loss from the scores: clipping p caps it at 16.1."""
        _, cache = bce_with_logits_forward(scores, y, pos_weight=pos_weight, reduction=reduction)
        with np.errstate(all="ignore"):
            p = np.clip(1 / (1 + np.exp(-scores)), 1e-7, 1 - 1e-7)
        return _reduced(-pos_weight * y * np.log(p) - (1 - y) * np.log(1 - p), reduction), cache

    @mistake("M24", replaces="bce_with_logits_forward")
    def sigmoid_taken_twice(scores, y, *, pos_weight=1.0, reduction="mean"):
        """Feed scores, not probabilities: the sigmoid is part of this loss."""
        with np.errstate(over="ignore"):
            p = 1 / (1 + np.exp(-scores))
        return bce_with_logits_forward(p, y, pos_weight=pos_weight, reduction=reduction)

    @mistake("N1114", replaces="bce_with_logits_forward")
    def only_where_y_is_1(scores, y, *, pos_weight=1.0, reduction="mean"):
        """A target of 0 has a term as well: (1 - y) softplus(s)."""
        _, cache = bce_with_logits_forward(scores, y, pos_weight=pos_weight, reduction=reduction)
        return _reduced(pos_weight * y * np.logaddexp(0, -scores), reduction), cache

    @mistake("M14", replaces="bce_with_logits_backward")
    def gradient_not_divided(dloss, cache):
        """Divide the gradient by the number of entries, as the mean does with the loss."""
        return bce_with_logits_backward(dloss, cache) * cache[3]

    @mistake("M14", replaces="bce_with_logits_forward")
    def divided_by_n_alone(scores, y, *, pos_weight=1.0, reduction="mean"):
        """The mean is that of all entries, also where an example has several labels."""
        loss, cache = bce_with_logits_forward(scores, y, pos_weight=pos_weight, reduction=reduction)
        return loss * (scores.size / max(1, len(scores)) if reduction == "mean" else 1), cache

    @mistake("M54", replaces="bce_with_logits_backward")
    def slope_of_the_sigmoid_left_in(dloss, cache):
        """ds = (p - y) dloss: the slope p (1 - p) of the sigmoid cancels against that of the logarithm."""
        p = 1 / (1 + np.exp(-cache[0]))
        return bce_with_logits_backward(dloss, cache) * p * (1 - p)

    @mistake("M22", replaces="bce_with_logits_backward")
    def target_not_subtracted(dloss, cache):
        """ds = (p - y) dloss: subtract the target."""
        scores, y, pos_weight, divisor = cache
        return ((1 - y) + pos_weight * y) / (1 + np.exp(-scores)) * (dloss / divisor)

    @mistake("N712", replaces="bce_with_logits_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each entry."""
        return bce_with_logits_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="bce_with_logits_forward")
    def always_the_mean(scores, y, *, pos_weight=1.0, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss for each entry."""
        return bce_with_logits_forward(scores, y, pos_weight=pos_weight)

    @mistake("N716", replaces="bce_with_logits_forward")
    def sign_of_the_loss(scores, y, *, pos_weight=1.0, reduction="mean"):
        """The loss is minus the logarithm."""
        loss, cache = bce_with_logits_forward(scores, y, pos_weight=pos_weight, reduction=reduction)
        return -loss, cache

    @mistake("N1117", replaces="bce_with_logits_forward")
    def positive_weight_on_both_terms(scores, y, *, pos_weight=1.0, reduction="mean"):
        """pos_weight is a factor of the term of y alone: the other one stays."""
        loss, cache = bce_with_logits_forward(scores, y, reduction=reduction)
        return pos_weight * loss, cache

    @mistake("N1117", replaces="bce_with_logits_forward")
    def positive_weight_ignored(scores, y, *, pos_weight=1.0, reduction="mean"):
        """Multiply the term of y by pos_weight."""
        return bce_with_logits_forward(scores, y, reduction=reduction)

    @mistake("N1117", replaces="bce_with_logits_backward")
    def positive_weight_not_in_the_gradient(dloss, cache):
        """The gradient has the factor pos_weight in the term of y as well."""
        scores, y, _, divisor = cache
        return bce_with_logits_backward(dloss, cache.of((scores, y, 1.0, divisor), cache.op, [dloss]))

    @mistake("N1117", replaces="bce_with_logits_forward")
    def divided_by_the_weights(scores, y, *, pos_weight=1.0, reduction="mean"):
        """The mean divides by how many entries there are, whatever they weigh."""
        loss, cache = bce_with_logits_forward(scores, y, pos_weight=pos_weight, reduction=reduction)
        weights = 1 + (pos_weight - 1) * y
        return loss / (weights.mean() if reduction == "mean" else 1), cache


def _reduced(terms, reduction):
    return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / max(1, terms.size)}[reduction]
