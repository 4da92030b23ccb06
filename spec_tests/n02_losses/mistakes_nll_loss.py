"""Classic mistakes of the negative log-likelihood."""

import numpy as np

from nnspec.reference import nll_loss_backward, nll_loss_forward
from nnspec.spec_tests._known import mistake


class MistakesOfNllLoss:
    @mistake("M24", replaces="nll_loss_forward")
    def log_taken_again(logp, y, *, reduction="mean"):
        """Log-probabilities come in: no logarithm is taken of them."""
        _, cache = nll_loss_forward(logp, y, reduction=reduction)
        with np.errstate(divide="ignore", invalid="ignore"):
            return _reduced(-np.log(logp[np.arange(len(y)), y]), reduction), cache

    @mistake("M24", replaces="nll_loss_forward")
    def probability_for_its_logarithm(logp, y, *, reduction="mean"):
        """The loss is -log p: 1 - p or -p is another one, which saturates."""
        _, cache = nll_loss_forward(logp, y, reduction=reduction)
        return _reduced(-np.exp(logp[np.arange(len(y)), y]), reduction), cache

    @mistake("M14", replaces="nll_loss_backward")
    def gradient_not_divided_by_n(dloss, cache):
        """Divide the gradient by N, as the mean does with the loss."""
        return nll_loss_backward(dloss, cache) * cache[2]

    @mistake("M14", replaces="nll_loss_forward")
    def loss_not_divided_by_n(logp, y, *, reduction="mean"):
        """Divide the loss by N: its gradient is that of the mean."""
        loss, cache = nll_loss_forward(logp, y, reduction=reduction)
        return loss * (len(y) if reduction == "mean" else 1), cache

    @mistake("M14", replaces="nll_loss_forward")
    def divided_by_all_entries(logp, y, *, reduction="mean"):
        """Divide by the number of rows, not of entries."""
        loss, cache = nll_loss_forward(logp, y, reduction=reduction)
        return loss / (logp.shape[1] if reduction == "mean" else 1), cache

    @mistake("M22", replaces="nll_loss_backward")
    def gradient_of_the_scores(dloss, cache):
        """p - onehot(y) is the gradient of the scores in front of log-softmax: that of logp is -onehot(y)."""
        y, shape, divisor = cache
        return nll_loss_backward(dloss, cache) + (dloss / divisor)[..., None] / dloss.dtype.type(shape[1])

    @mistake("M22", replaces="nll_loss_backward")
    def gradient_everywhere(dloss, cache):
        """Only the entry of the label has a gradient."""
        _, shape, divisor = cache
        return np.zeros(shape, dloss.dtype) - (dloss / divisor)[..., None]

    @mistake("M25", replaces="nll_loss_forward")
    def labels_as_a_column(logp, y, *, reduction="mean"):
        """Labels must be of shape (N,): with (N, 1) the index selects N x N entries."""
        _, cache = nll_loss_forward(logp, y, reduction=reduction)
        return -(logp.sum(axis=0)[y]).sum() / max(1, len(y)), cache  # those of all rows, for each label

    @mistake("N1127", replaces="nll_loss_backward")
    def label_off_by_one(dloss, cache):
        """Classes are counted from 0."""
        y, shape, divisor = cache
        return nll_loss_backward(dloss, cache.of(((y + 1) % shape[1], shape, divisor), cache.op, [dloss]))

    @mistake("N712", replaces="nll_loss_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each row."""
        return nll_loss_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="nll_loss_forward")
    def always_the_mean(logp, y, *, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss a row."""
        return nll_loss_forward(logp, y)

    @mistake("N716", replaces="nll_loss_forward")
    def sign_of_the_loss(logp, y, *, reduction="mean"):
        """The loss is minus log p."""
        loss, cache = nll_loss_forward(logp, y, reduction=reduction)
        return -loss, cache


def _reduced(losses, reduction):
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / max(1, len(losses))}[reduction]
