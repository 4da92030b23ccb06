"""Classic mistakes of the binary hinge loss."""

import numpy as np

from nnspec.reference import binary_hinge_backward, binary_hinge_forward
from nnspec.spec_tests._known import mistake


class MistakesOfBinaryHinge:
    @mistake("M16", replaces="binary_hinge_forward", convention=True)
    def kink_counted_as_active(scores, y, *, cost=1.0, reduction="mean"):
        """A margin of exactly 0 is not active: the mask is > 0, not >= 0."""
        loss, cache = binary_hinge_forward(scores, y, cost=cost, reduction=reduction)
        _, sign, _, divisor = cache
        return loss, cache.of((1 - sign * scores >= 0, sign, cost, divisor), cache.op, [loss])

    @mistake("M14", replaces="binary_hinge_backward")
    def gradient_not_divided_by_n(dloss, cache):
        """Divide the gradient by N, as the mean does with the loss."""
        return binary_hinge_backward(dloss, cache) * cache[3]

    @mistake("M14", replaces="binary_hinge_forward")
    def loss_not_divided_by_n(scores, y, *, cost=1.0, reduction="mean"):
        """Divide the loss by N: its gradient is that of the mean."""
        loss, cache = binary_hinge_forward(scores, y, cost=cost, reduction=reduction)
        return loss * (len(y) if reduction == "mean" else 1), cache

    @mistake("N58", replaces="binary_hinge_forward")
    def margin_turned_round(scores, y, *, cost=1.0, reduction="mean"):
        """A score of the sign of its label is right: the margin is 1 - y s, not 1 + y s."""
        return binary_hinge_forward(-scores, y, cost=cost, reduction=reduction)

    @mistake("N57", replaces="binary_hinge_forward")
    def maximum_of_the_sum(scores, y, *, cost=1.0, reduction="mean"):
        """Take each margin's maximum with 0 by itself: what is far beyond must not pay for another."""
        loss, cache = binary_hinge_forward(scores, y, cost=cost, reduction=reduction)
        total = cost * np.maximum((1 - cache[1] * scores).sum(), 0)
        return loss if reduction == "none" else total / cache[3], cache

    @mistake("N717", replaces="binary_hinge_forward")
    def squared_hinge(scores, y, *, cost=1.0, reduction="mean"):
        """Margins enter as they are; their squares are the squared hinge (L2-SVM)."""
        _, cache = binary_hinge_forward(scores, y, cost=cost, reduction=reduction)
        terms = cost * np.maximum(1 - cache[1] * scores, 0) ** 2
        return (terms if reduction == "none" else terms.sum()) / cache[3], cache

    @mistake("N1118", replaces="binary_hinge_backward")
    def label_not_in_the_gradient(dloss, cache):
        """The slope is -y: it pushes the score of a negative example down."""
        active, sign, cost, divisor = cache
        return np.where(active, sign.dtype.type(-cost), 0) * (dloss / divisor)

    @mistake("N1118", replaces="binary_hinge_backward")
    def gradient_turned_round(dloss, cache):
        """The slope of 1 - y s is -y, not y."""
        return -binary_hinge_backward(dloss, cache)

    @mistake("N1118", replaces="binary_hinge_backward")
    def gradient_without_the_mask(dloss, cache):
        """A margin that is met has no gradient."""
        _, sign, cost, divisor = cache
        return -cost * sign * (dloss / divisor)

    @mistake("N1119", replaces="binary_hinge_forward")
    def cost_ignored(scores, y, *, cost=1.0, reduction="mean"):
        """Multiply by the cost that is given; 1 is only its default."""
        return binary_hinge_forward(scores, y, reduction=reduction)

    @mistake("N1119", replaces="binary_hinge_forward")
    def cost_inside(scores, y, *, cost=1.0, reduction="mean"):
        """cost is a factor of the loss: the margin stays 1."""
        loss, cache = binary_hinge_forward(scores, y, reduction=reduction)
        terms = np.maximum(cost - cache[1] * scores, 0)
        return (terms if reduction == "none" else terms.sum()) / cache[3], cache

    @mistake("N712", replaces="binary_hinge_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each entry."""
        return binary_hinge_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="binary_hinge_forward")
    def always_the_mean(scores, y, *, cost=1.0, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss for each entry."""
        return binary_hinge_forward(scores, y, cost=cost)
