"""Classic mistakes of the squared hinge loss."""

import numpy as np

from nnspec.reference import squared_hinge_backward, squared_hinge_forward, svm_loss_forward
from nnspec.spec_tests._known import mistake


class MistakesOfSquaredHinge:
    @mistake("M12", replaces="squared_hinge_forward")
    def right_class_counted(scores, y, *, delta=1.0, reduction="mean"):
        """Leave out j = y: its margin is always delta."""
        loss, cache = squared_hinge_forward(scores, y, delta=delta, reduction=reduction)
        return loss + scores.dtype.type(delta**2 * (len(y) if reduction == "sum" else 1)), cache

    @mistake("M13", replaces="squared_hinge_backward")
    def right_class_without_gradient(dloss, cache):
        """The right class gets minus the sum of what the others get."""
        _, y, _ = cache
        dscores = squared_hinge_backward(dloss, cache)
        dscores[np.arange(len(y)), y] = 0
        return dscores

    @mistake("M13", replaces="squared_hinge_backward")
    def right_class_pulled_by_the_count(dloss, cache):
        """The right class gets minus the sum of the missed margins, and not how many there are."""
        missed, y, divisor = cache
        dscores = squared_hinge_backward(dloss, cache)
        dscores[np.arange(len(y)), y] = -(missed > 0).sum(axis=1) * (dloss / dloss.dtype.type(divisor))
        return dscores

    @mistake("M14", replaces="squared_hinge_backward")
    def gradient_not_divided_by_n(dloss, cache):
        """Divide the gradient by N, as the mean does with the loss."""
        *_, divisor = cache
        return squared_hinge_backward(dloss, cache) * divisor

    @mistake("M14", replaces="squared_hinge_forward")
    def loss_not_divided_by_n(scores, y, *, delta=1.0, reduction="mean"):
        """Divide the loss by N: its gradient is that of the mean."""
        loss, cache = squared_hinge_forward(scores, y, delta=delta, reduction=reduction)
        return loss * (len(y) if reduction == "mean" else 1), cache

    @mistake("N1573", replaces="squared_hinge_forward")
    def not_squared(scores, y, *, delta=1.0, reduction="mean"):
        """Square what is missed of each margin: without that it is the SVM loss."""
        _, cache = squared_hinge_forward(scores, y, delta=delta, reduction=reduction)
        return svm_loss_forward(scores, y, delta=delta, reduction=reduction)[0], cache

    @mistake("N1573", replaces="squared_hinge_forward")
    def sum_squared(scores, y, *, delta=1.0, reduction="mean"):
        """Square each missed margin, and then add up: not the square of the sum."""
        _, cache = squared_hinge_forward(scores, y, delta=delta, reduction=reduction)
        loss, _ = svm_loss_forward(scores, y, delta=delta, reduction="none")
        return reduced(loss * loss, reduction), cache

    @mistake("N1573", replaces="squared_hinge_forward")
    def squared_before_the_maximum(scores, y, *, delta=1.0, reduction="mean"):
        """Take the maximum with 0 first: the square of a margin that is met is positive, too."""
        _, cache = squared_hinge_forward(scores, y, delta=delta, reduction=reduction)
        rows = np.arange(len(y))
        margins = scores - scores[rows, y][:, None] + scores.dtype.type(delta)
        margins[rows, y] = 0
        return reduced((margins * margins).sum(axis=1), reduction), cache

    @mistake("N1574", replaces="squared_hinge_backward")
    def factor_2_forgotten(dloss, cache):
        """The slope of a square is twice what is squared."""
        return squared_hinge_backward(dloss, cache) / 2

    @mistake("N1574", replaces="squared_hinge_forward")
    def halved(scores, y, *, delta=1.0, reduction="mean"):
        """There is no half in front of the squares."""
        loss, cache = squared_hinge_forward(scores, y, delta=delta, reduction=reduction)
        return loss / 2, cache

    @mistake("N1574", replaces="squared_hinge_backward")
    def gradient_of_the_hinge(dloss, cache):
        """A margin that is missed by more is pulled by more: 2 max(0, margin), not 1 where it is above 0."""
        missed, y, divisor = cache
        counted = (missed > 0).astype(missed.dtype) / 2
        return squared_hinge_backward(dloss, cache.of((counted, y, divisor), "squared_hinge_forward", [dloss]))

    @mistake("M25", replaces="squared_hinge_forward")
    def labels_as_a_column(scores, y, *, delta=1.0, reduction="mean"):
        """Labels must be of shape (N,): with (N, 1) the index selects N x N entries."""
        loss, cache = squared_hinge_forward(scores, y, delta=delta, reduction=reduction)
        np.broadcast_shapes(scores.shape, 2 * y.shape)  # N = C alone is silent; all else raises, here before it is made
        rows = np.arange(len(y))
        margins = np.maximum(scores - scores[rows, y[:, None]] + delta, 0)
        margins[rows, y] = 0
        return reduced((margins * margins).sum(axis=1), reduction), cache

    @mistake("N712", replaces="squared_hinge_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each row."""
        return squared_hinge_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="squared_hinge_forward")
    def always_the_mean(scores, y, *, delta=1.0, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss a row."""
        return squared_hinge_forward(scores, y, delta=delta)

    @mistake("N55", replaces="squared_hinge_forward")
    def divided_by_c(scores, y, *, delta=1.0, reduction="mean"):
        """Sum over the wrong classes; PyTorch's MultiMarginLoss divides by C."""
        loss, cache = squared_hinge_forward(scores, y, delta=delta, reduction=reduction)
        return loss / scores.shape[1], cache

    @mistake("N58", replaces="squared_hinge_forward")
    def margin_turned_round(scores, y, *, delta=1.0, reduction="mean"):
        """The margin is wrong minus right plus delta: s_j - s_y, not s_y - s_j."""
        return squared_hinge_forward(-scores, y, delta=delta, reduction=reduction)

    @mistake("N59", replaces="squared_hinge_forward")
    def delta_ignored(scores, y, *, delta=1.0, reduction="mean"):
        """Use the delta that is given; 1 is only its default."""
        return squared_hinge_forward(scores, y, reduction=reduction)


def reduced(losses, reduction):
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / max(len(losses), 1)}[reduction]
