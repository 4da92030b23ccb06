"""Classic mistakes of the mean squared error."""

import numpy as np

from nnspec.reference import mse_loss_backward, mse_loss_forward
from nnspec.spec_tests._known import mistake


class MistakesOfMseLoss:
    @mistake("M14", replaces="mse_loss_backward")
    def gradient_not_divided(dloss, cache):
        """Divide the gradient by the number of entries, as the mean does with the loss."""
        off, divisor = cache
        return mse_loss_backward(dloss, cache) * (divisor if divisor > 2 else 1)

    @mistake("M14", replaces="mse_loss_forward")
    def loss_not_divided(x, t, *, reduction="mean", half=False):
        """Divide the loss by the number of entries: its gradient is that of the mean."""
        loss, cache = mse_loss_forward(x, t, reduction=reduction, half=half)
        return loss * (x.size if reduction == "mean" else 1), cache

    @mistake("M25", replaces="mse_loss_forward")
    def every_prediction_against_every_target(x, t, *, reduction="mean", half=False):
        """Predictions and targets need the same shape: (N,) against (N, 1) broadcasts to N x N differences."""
        _, cache = mse_loss_forward(x, t, reduction=reduction, half=half)
        off = x.reshape(-1, 1) - t.reshape(1, -1)
        return (off * off).sum() / max(1, off.size) / (2 if half else 1), cache

    @mistake("N712", replaces="mse_loss_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each entry."""
        return mse_loss_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="mse_loss_forward")
    def always_the_mean(x, t, *, reduction="mean", half=False):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss for each entry."""
        return mse_loss_forward(x, t, half=half)

    @mistake("N1100", replaces="mse_loss_backward")
    def factor_of_the_square_forgotten(dloss, cache):
        """The slope of a square is twice its base: only half=True cancels that 2."""
        return mse_loss_backward(dloss, cache) / 2

    @mistake("N1101", replaces="mse_loss_backward")
    def gradient_turned_round(dloss, cache):
        """The gradient of the prediction points from the target to it: x - t, not t - x."""
        return -mse_loss_backward(dloss, cache)

    @mistake("N1102", replaces="mse_loss_forward")
    def root_of_the_mean(x, t, *, reduction="mean", half=False):
        """Take no root: that of the mean is the RMSE."""
        loss, cache = mse_loss_forward(x, t, reduction=reduction, half=half)
        return np.sqrt(loss), cache

    @mistake("N1103", replaces="mse_loss_forward")
    def half_ignored(x, t, *, reduction="mean", half=False):
        """With half=True each term is half the square."""
        return mse_loss_forward(x, t, reduction=reduction)

    @mistake("N1104", replaces="mse_loss_forward")
    def sizes_for_squares(x, t, *, reduction="mean", half=False):
        """Squares, not sizes: |x - t| is the L1 loss."""
        _, cache = mse_loss_forward(x, t, reduction=reduction, half=half)
        sizes = abs(x - t) / (2 if half else 1)
        return {"none": sizes, "sum": sizes.sum(), "mean": sizes.sum() / max(1, x.size)}[reduction], cache

    @mistake("N1105", replaces="mse_loss_forward")
    def squares_taken_apart(x, t, *, reduction="mean", half=False):
        """Subtract before squaring: x^2 - 2 x t + t^2 loses all digits where both are large."""
        _, cache = mse_loss_forward(x, t, reduction=reduction, half=half)
        squares = (x * x - 2 * x * t + t * t) / (2 if half else 1)
        return {"none": squares, "sum": squares.sum(), "mean": squares.sum() / max(1, x.size)}[reduction], cache
