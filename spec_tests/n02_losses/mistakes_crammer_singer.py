"""Classic mistakes of the structured SVM loss."""

import numpy as np

from nnspec.reference import crammer_singer_backward, crammer_singer_forward, svm_loss_forward
from nnspec.spec_tests._known import mistake


class MistakesOfCrammerSinger:
    @mistake("M16", replaces="crammer_singer_forward", convention=True)
    def kink_counted_as_active(scores, y, *, delta=1.0, reduction="mean"):
        """A margin of exactly 0 is not active: the gradient flows where it is > 0, not >= 0."""
        loss, cache = crammer_singer_forward(scores, y, delta=delta, reduction=reduction)
        closest, _, _, divisor = cache
        active = margins_of(scores, y, delta).max(axis=1) >= 0
        return loss, cache.of((closest, active, y, divisor), cache.op, [loss])

    @mistake("M12", replaces="crammer_singer_forward")
    def right_class_among_the_others(scores, y, *, delta=1.0, reduction="mean"):
        """Leave out j = y: its margin is always delta, below which no loss would fall."""
        _, cache = crammer_singer_forward(scores, y, delta=delta, reduction=reduction)
        losses, _ = crammer_singer_forward(scores, y, delta=delta, reduction="none")
        return reduced(np.maximum(losses, losses.dtype.type(delta)), reduction), cache

    @mistake("M13", replaces="crammer_singer_backward")
    def right_class_without_gradient(dloss, cache):
        """The right class gets minus what the closest wrong one gets."""
        _, _, y, _ = cache
        dscores = crammer_singer_backward(dloss, cache)
        dscores[np.arange(len(y)), y] = 0
        return dscores

    @mistake("M14", replaces="crammer_singer_backward")
    def gradient_not_divided_by_n(dloss, cache):
        """Divide the gradient by N, as the mean does with the loss."""
        *_, divisor = cache
        return crammer_singer_backward(dloss, cache) * divisor

    @mistake("M14", replaces="crammer_singer_forward")
    def loss_not_divided_by_n(scores, y, *, delta=1.0, reduction="mean"):
        """Divide the loss by N: its gradient is that of the mean."""
        loss, cache = crammer_singer_forward(scores, y, delta=delta, reduction=reduction)
        return loss * (len(y) if reduction == "mean" else 1), cache

    @mistake("M17", replaces="crammer_singer_forward")
    def closest_of_the_batch(scores, y, *, delta=1.0, reduction="mean"):
        """Every row has a closest class of its own: the maximum goes along axis 1."""
        _, cache = crammer_singer_forward(scores, y, delta=delta, reduction=reduction)
        worst = margins_of(scores, y, delta).max(initial=0)
        return reduced(np.full(len(y), worst, scores.dtype), reduction), cache

    @mistake("M25", replaces="crammer_singer_forward")
    def labels_as_a_column(scores, y, *, delta=1.0, reduction="mean"):
        """Labels must be of shape (N,): with (N, 1) the index selects N x N entries."""
        _, cache = crammer_singer_forward(scores, y, delta=delta, reduction=reduction)
        np.broadcast_shapes(scores.shape, 2 * y.shape)  # N = C alone is silent; all else raises, here before it is made
        rows = np.arange(len(y))
        margins = scores - scores[rows, y[:, None]] + delta
        margins[rows, y] = 0
        return reduced(np.maximum(margins.max(axis=1), 0), reduction), cache

    @mistake("N1700", replaces="crammer_singer_forward")
    def all_wrong_classes_added_up(scores, y, *, delta=1.0, reduction="mean"):
        """Take the largest margin of the wrong classes alone: the sum of all is the SVM loss."""
        _, cache = crammer_singer_forward(scores, y, delta=delta, reduction=reduction)
        return svm_loss_forward(scores, y, delta=delta, reduction=reduction)[0], cache

    @mistake("N1700", replaces="crammer_singer_forward")
    def all_wrong_classes_pushed_down(scores, y, *, delta=1.0, reduction="mean"):
        """Only the closest wrong class has a gradient: the others may move without changing the loss."""
        loss, cache = crammer_singer_forward(scores, y, delta=delta, reduction=reduction)
        _, active, _, divisor = cache
        return loss, cache.of((margins_of(scores, y, delta) > 0, active, y, divisor), cache.op, [loss])

    @mistake("N1701", replaces="crammer_singer_forward")
    def maximum_with_0_forgotten(scores, y, *, delta=1.0, reduction="mean"):
        """A margin that is met costs nothing: the loss is never below 0."""
        _, cache = crammer_singer_forward(scores, y, delta=delta, reduction=reduction)
        margins = margins_of(scores, y, delta).max(axis=1)
        return reduced(np.where(np.isinf(margins), 0, margins), reduction), cache

    @mistake("N1701", replaces="crammer_singer_forward")
    def gradient_where_the_margin_is_met(scores, y, *, delta=1.0, reduction="mean"):
        """Where the right class leads by more than delta nothing is pulled."""
        loss, cache = crammer_singer_forward(scores, y, delta=delta, reduction=reduction)
        closest, active, _, divisor = cache
        return loss, cache.of((closest, np.ones_like(active), y, divisor), cache.op, [loss])

    @mistake("N717", replaces="crammer_singer_forward")
    def squared(scores, y, *, delta=1.0, reduction="mean"):
        """The margin enters as it is, and not its square."""
        _, cache = crammer_singer_forward(scores, y, delta=delta, reduction=reduction)
        losses, _ = crammer_singer_forward(scores, y, delta=delta, reduction="none")
        return reduced(losses * losses, reduction), cache

    @mistake("N712", replaces="crammer_singer_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each row."""
        return crammer_singer_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="crammer_singer_forward")
    def always_the_mean(scores, y, *, delta=1.0, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss a row."""
        return crammer_singer_forward(scores, y, delta=delta)

    @mistake("N55", replaces="crammer_singer_forward")
    def divided_by_c(scores, y, *, delta=1.0, reduction="mean"):
        """Nothing is divided by the number of classes; PyTorch's MultiMarginLoss is."""
        loss, cache = crammer_singer_forward(scores, y, delta=delta, reduction=reduction)
        return loss / scores.shape[1], cache

    @mistake("N58", replaces="crammer_singer_forward")
    def margin_turned_round(scores, y, *, delta=1.0, reduction="mean"):
        """The margin is wrong minus right plus delta: s_j - s_y, not s_y - s_j."""
        return crammer_singer_forward(-scores, y, delta=delta, reduction=reduction)

    @mistake("N59", replaces="crammer_singer_forward")
    def delta_ignored(scores, y, *, delta=1.0, reduction="mean"):
        """Use the delta that is given; 1 is only its default."""
        return crammer_singer_forward(scores, y, reduction=reduction)


def margins_of(scores, y, delta):
    """(N, C), that of the right class -inf."""
    rows = np.arange(len(y))
    margins = scores - scores[rows, y][:, None] + delta
    margins[rows, y] = -np.inf
    return margins


def reduced(losses, reduction):
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / max(len(losses), 1)}[reduction]
