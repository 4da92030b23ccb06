"""Classic mistakes of binary cross-entropy of probabilities."""

import numpy as np

from nnspec.reference import bce_backward, bce_forward
from nnspec.spec_tests._known import mistake


class MistakesOfBce:
    @mistake("M26", replaces="bce_forward")
    def log_of_0(p, y, *, reduction="mean"):
        """Bound the logarithms: log 0 is -inf, and 0 times that NaN."""
        _, cache = bce_forward(p, y, reduction=reduction)
        with np.errstate(divide="ignore", invalid="ignore"):
            return _reduced(-y * np.log(p) - (1 - y) * np.log(1 - p), reduction), cache

    @mistake("M21", replaces="bce_forward")
    def log_of_p_plus_epsilon(p, y, *, reduction="mean"):
        """Bound the logarithm instead of adding to p, which is off everywhere: log(p + 1e-8) ends at -18.4."""
        _, cache = bce_forward(p, y, reduction=reduction)
        small = p.dtype.type(1e-8)
        return _reduced(-y * np.log(p + small) - (1 - y) * np.log(1 - p + small), reduction), cache

    @mistake("M14", replaces="bce_backward")
    def gradient_not_divided(dloss, cache):
        """Divide the gradient by the number of entries, as the mean does with the loss."""
        return bce_backward(dloss, cache) * cache[2]

    @mistake("M14", replaces="bce_forward")
    def loss_not_divided(p, y, *, reduction="mean"):
        """Divide the loss by the number of entries: its gradient is that of the mean."""
        loss, cache = bce_forward(p, y, reduction=reduction)
        return loss * (p.size if reduction == "mean" else 1), cache

    @mistake("N712", replaces="bce_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each entry."""
        return bce_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="bce_forward")
    def always_the_mean(p, y, *, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss for each entry."""
        return bce_forward(p, y)

    @mistake("N716", replaces="bce_forward")
    def sign_of_the_loss(p, y, *, reduction="mean"):
        """The loss is minus the logarithm."""
        loss, cache = bce_forward(p, y, reduction=reduction)
        return -loss, cache

    @mistake("N1114", replaces="bce_forward")
    def only_where_y_is_1(p, y, *, reduction="mean"):
        """A target of 0 has a term as well: -(1 - y) log(1 - p)."""
        _, cache = bce_forward(p, y, reduction=reduction)
        with np.errstate(divide="ignore"):
            return _reduced(-y * np.maximum(np.log(p), -100), reduction), cache

    @mistake("N1115", replaces="bce_forward")
    def targets_for_predictions(p, y, *, reduction="mean"):
        """The logarithm is that of the prediction, and the target is its weight."""
        _, cache = bce_forward(p, y, reduction=reduction)
        return bce_forward(y, p, reduction=reduction)[0], cache

    @mistake("N1116", replaces="bce_backward")
    def gradient_of_the_scores(dloss, cache):
        """p - y is the gradient of the score in front of the sigmoid: that of p is (p - y) / (p (1 - p))."""
        p, y, divisor = cache
        return (p - y) * (dloss / divisor)

    @mistake("M24", replaces="bce_forward")
    def sigmoid_of_probabilities(p, y, *, reduction="mean"):
        """Here come probabilities: the sigmoid has been taken already."""
        return bce_forward(1 / (1 + np.exp(-p)), y, reduction=reduction)


def _reduced(terms, reduction):
    return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / max(1, terms.size)}[reduction]
