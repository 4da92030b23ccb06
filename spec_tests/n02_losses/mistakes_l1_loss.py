"""Classic mistakes of the L1 loss."""

import numpy as np

from nnspec.reference import l1_loss_backward, l1_loss_forward
from nnspec.spec_tests._known import mistake


class MistakesOfL1Loss:
    @mistake("M118", replaces="l1_loss_backward", convention=True)
    def sign_of_0_is_1(dloss, cache):
        """Where prediction and target are the same the gradient is 0: np.where(off >= 0, 1, -1) pushes it away."""
        off, divisor = cache
        return np.where(off >= 0, 1, -1) * (dloss / dloss.dtype.type(divisor))

    @mistake("M14", replaces="l1_loss_backward")
    def gradient_not_divided(dloss, cache):
        """Divide the gradient by the number of entries, as the mean does with the loss."""
        return l1_loss_backward(dloss, cache) * cache[1]

    @mistake("M14", replaces="l1_loss_forward")
    def loss_not_divided(x, t, *, reduction="mean"):
        """Divide the loss by the number of entries: its gradient is that of the mean."""
        loss, cache = l1_loss_forward(x, t, reduction=reduction)
        return loss * (x.size if reduction == "mean" else 1), cache

    @mistake("M25", replaces="l1_loss_forward")
    def every_prediction_against_every_target(x, t, *, reduction="mean"):
        """Predictions and targets need the same shape: (N,) against (N, 1) broadcasts to N x N differences."""
        _, cache = l1_loss_forward(x, t, reduction=reduction)
        off = x.reshape(-1, 1) - t.reshape(1, -1)
        return abs(off).sum() / max(1, off.size), cache

    @mistake("N712", replaces="l1_loss_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each entry."""
        return l1_loss_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="l1_loss_forward")
    def always_the_mean(x, t, *, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss for each entry."""
        return l1_loss_forward(x, t)

    @mistake("N1101", replaces="l1_loss_backward")
    def gradient_turned_round(dloss, cache):
        """The gradient of the prediction is the sign of x - t, not of t - x."""
        return -l1_loss_backward(dloss, cache)

    @mistake("N1106", replaces="l1_loss_backward")
    def difference_for_its_sign(dloss, cache):
        """The slope is the sign of the difference, whatever its size: the difference is that of half a square."""
        off, divisor = cache
        return off * (dloss / divisor)

    @mistake("N1107", replaces="l1_loss_forward")
    def differences_not_in_size(x, t, *, reduction="mean"):
        """Take the size of each difference: else those above and below cancel."""
        _, cache = l1_loss_forward(x, t, reduction=reduction)
        off = x - t
        return {"none": off, "sum": off.sum(), "mean": off.sum() / max(1, x.size)}[reduction], cache

    @mistake("N1107", replaces="l1_loss_forward")
    def size_of_the_sum(x, t, *, reduction="mean"):
        """Take the size of each difference, and then add up."""
        loss, cache = l1_loss_forward(x, t, reduction=reduction)
        return (loss if reduction == "none" else abs((x - t).sum()) / cache[1]), cache
