"""Classic mistakes of the multiclass SVM loss."""

import numpy as np

from nnspec.reference import svm_loss_backward, svm_loss_forward
from nnspec.spec_tests._known import mistake


class MistakesOfSvmLoss:
    @mistake("M12", replaces="svm_loss_forward")
    def right_class_counted(scores, y, *, delta=1.0, reduction="mean"):
        """Leave out j = y: its margin is always delta."""
        loss, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        return loss + scores.dtype.type(delta * (len(y) if reduction == "sum" else 1)), cache

    @mistake("M12", replaces="svm_loss_backward")
    def right_class_counted_in_the_gradient(dloss, cache):
        """j = y has no part in the gradient either: count the active margins of the wrong classes."""
        active, y, divisor = cache
        counted = active.copy()
        counted[np.arange(len(y)), y] = True
        dscores = counted.astype(dloss.dtype)
        dscores[np.arange(len(y)), y] = -counted.sum(axis=1)
        return dscores * (dloss / divisor)[..., None]

    @mistake("M13", replaces="svm_loss_backward")
    def right_class_without_gradient(dloss, cache):
        """The right class gets minus the number of active margins."""
        _, y, _ = cache
        dscores = svm_loss_backward(dloss, cache)
        dscores[np.arange(len(y)), y] = 0
        return dscores

    @mistake("M13", replaces="svm_loss_backward")
    def right_class_pulled_once(dloss, cache):
        """The right class gets -1 for each active margin, not -1 once."""
        active, y, divisor = cache
        dscores = svm_loss_backward(dloss, cache)
        dscores[np.arange(len(y)), y] = -1 * active.any(axis=1) * (dloss / dloss.dtype.type(divisor))
        return dscores

    @mistake("M14", replaces="svm_loss_backward")
    def gradient_not_divided_by_n(dloss, cache):
        """Divide the gradient by N, as the mean does with the loss."""
        *_, divisor = cache
        return svm_loss_backward(dloss, cache) * divisor

    @mistake("M14", replaces="svm_loss_forward")
    def loss_not_divided_by_n(scores, y, *, delta=1.0, reduction="mean"):
        """Divide the loss by N: its gradient is that of the mean."""
        loss, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        return loss * (len(y) if reduction == "mean" else 1), cache

    @mistake("M16", replaces="svm_loss_forward", convention=True)
    def kink_counted_as_active(scores, y, *, delta=1.0, reduction="mean"):
        """A margin of exactly 0 is not active: the mask is > 0, not >= 0."""
        loss, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        _, y, divisor = cache
        active = scores - scores[np.arange(len(y)), y][:, None] + delta >= 0
        active[np.arange(len(y)), y] = False
        return loss, cache.of((active, y, divisor), cache.op, [loss])

    @mistake("M25", replaces="svm_loss_forward")
    def labels_as_a_column(scores, y, *, delta=1.0, reduction="mean"):
        """Labels must be of shape (N,): with (N, 1) the index selects N x N entries."""
        loss, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        np.broadcast_shapes(scores.shape, 2 * y.shape)  # N = C alone is silent; all else raises, here before it is made
        rows = np.arange(len(y))
        margins = scores - scores[rows, y[:, None]] + delta
        margins[rows, y] = 0
        return _reduced(np.maximum(margins, 0).sum(axis=1), reduction), cache

    @mistake("M23", replaces="svm_loss_forward")
    def scores_changed_in_place(scores, y, *, delta=1.0, reduction="mean"):
        """Work on a copy: the margins are no place to write in the caller's scores."""
        loss, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        scores -= scores[np.arange(len(y)), y][:, None].copy()
        return loss, cache

    @mistake("N712", replaces="svm_loss_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each row."""
        return svm_loss_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="svm_loss_forward")
    def always_the_mean(scores, y, *, delta=1.0, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss a row."""
        return svm_loss_forward(scores, y, delta=delta)

    @mistake("N717", replaces="svm_loss_forward")
    def squared_hinge(scores, y, *, delta=1.0, reduction="mean"):
        """Margins enter as they are; their squares are the squared hinge (L2-SVM)."""
        _, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        rows = np.arange(len(y))
        margins = np.maximum(scores - scores[rows, y][:, None] + delta, 0)
        margins[rows, y] = 0
        return _reduced((margins * margins).sum(axis=1), reduction), cache

    @mistake("N55", replaces="svm_loss_forward")
    def divided_by_c(scores, y, *, delta=1.0, reduction="mean"):
        """Sum over the wrong classes; PyTorch's MultiMarginLoss divides by C."""
        loss, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        return loss / scores.shape[1], cache

    @mistake("N56", replaces="svm_loss_forward")
    def only_the_worst_class(scores, y, *, delta=1.0, reduction="mean"):
        """Add up all wrong classes above the margin, not only the worst one."""
        _, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        rows = np.arange(len(y))
        margins = scores - scores[rows, y][:, None] + delta
        margins[rows, y] = 0
        losses = np.maximum(margins.max(axis=1, initial=0), 0)
        return _reduced(losses, reduction), cache

    @mistake("N57", replaces="svm_loss_forward")
    def maximum_of_the_sum(scores, y, *, delta=1.0, reduction="mean"):
        """Take each margin's maximum with 0 by itself: a class far below must not pay for another."""
        _, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        margins = scores - scores[np.arange(len(y)), y][:, None] + delta
        losses = np.maximum(margins.sum(axis=1) - delta, 0)
        return _reduced(losses, reduction), cache

    @mistake("N58", replaces="svm_loss_forward")
    def margin_turned_round(scores, y, *, delta=1.0, reduction="mean"):
        """The margin is wrong minus right plus delta: s_j - s_y, not s_y - s_j."""
        return svm_loss_forward(-scores, y, delta=delta, reduction=reduction)

    @mistake("N59", replaces="svm_loss_forward")
    def delta_ignored(scores, y, *, delta=1.0, reduction="mean"):
        """Use the delta that is given; 1 is only its default."""
        return svm_loss_forward(scores, y, reduction=reduction)


def _reduced(losses, reduction):
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / max(len(losses), 1)}[reduction]
