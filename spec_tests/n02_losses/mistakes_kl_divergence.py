"""Classic mistakes of cross-entropies of distributions and of the KL divergence."""

import numpy as np

from nnspec.reference import (
    cross_entropy_dist_backward,
    cross_entropy_dist_forward,
    kl_divergence_backward,
    kl_divergence_forward,
)
from nnspec.spec_tests._known import mistake


class MistakesOfKlDivergence:
    @mistake("M27", replaces="kl_divergence_forward")
    def direction_turned_round(p, q, *, reduction="mean"):
        """KL(P || Q) weighs by P, and divides by Q: it is not symmetric."""
        return kl_divergence_forward(q, p, reduction=reduction)[0], kl_divergence_forward(p, q, reduction=reduction)[1]

    @mistake("M27", replaces="kl_divergence_forward")
    def zero_times_log_zero(p, q, *, reduction="mean"):
        """0 log 0 is 0, by its limit: 0 times -inf is NaN."""
        _, cache = kl_divergence_forward(p, q, reduction=reduction)
        with np.errstate(divide="ignore", invalid="ignore"):
            return _reduced((p * np.log(p / q)).sum(axis=1), reduction), cache

    @mistake("M27", replaces="kl_divergence_forward")
    def both_directions(p, q, *, reduction="mean"):
        """One direction: the sum of both is Jeffreys' divergence."""
        there, cache = kl_divergence_forward(p, q, reduction=reduction)
        return there + kl_divergence_forward(q, p, reduction=reduction)[0], cache

    @mistake("M21", replaces="kl_divergence_forward")
    def logs_of_p_plus_epsilon(p, q, *, reduction="mean"):
        """Leave p and q alone: log(p + 1e-8) is off everywhere, and what Q excludes costs infinity."""
        _, cache = kl_divergence_forward(p, q, reduction=reduction)
        small = p.dtype.type(1e-8)
        return _reduced((p * np.log((p + small) / (q + small))).sum(axis=1), reduction), cache

    @mistake("N1124", replaces="kl_divergence_forward")
    def divided_by_all_entries(p, q, *, reduction="mean"):
        """Divide by the number of distributions: that of all entries is PyTorch's 'mean', of which it warns."""
        loss, cache = kl_divergence_forward(p, q, reduction=reduction)
        return loss / (p.shape[1] if reduction == "mean" else 1), cache

    @mistake("N1125", replaces="kl_divergence_forward")
    def entropy_left_out(p, q, *, reduction="mean"):
        """Take the entropy of P away: without that it is the cross-entropy."""
        loss, _ = cross_entropy_dist_forward(p, q, reduction=reduction)
        return loss, kl_divergence_forward(p, q, reduction=reduction)[1]

    @mistake("N1120", replaces="kl_divergence_forward")
    def sign_turned_round(p, q, *, reduction="mean"):
        """It is log P/Q, not log Q/P: never negative."""
        loss, cache = kl_divergence_forward(p, q, reduction=reduction)
        return -loss, cache

    @mistake("N1123", replaces="kl_divergence_backward")
    def product_rule_forgotten(dloss, cache):
        """P stands twice in P log P: its slope is log P/Q + 1."""
        p, q, divisor = cache
        dp, dq = kl_divergence_backward(dloss, cache)
        return dp - (dloss / divisor)[..., None], dq

    @mistake("N1126", replaces="kl_divergence_backward")
    def gradient_of_q_not_weighted(dloss, cache):
        """dq = -P / Q: weigh by P."""
        _, q, divisor = cache
        with np.errstate(divide="ignore"):
            return kl_divergence_backward(dloss, cache)[0], -1 / q * (dloss / divisor)[..., None]

    @mistake("M14", replaces="kl_divergence_backward")
    def gradient_not_divided_by_n(dloss, cache):
        """Divide the gradient by N, as the mean does with the loss."""
        return tuple(gradient * cache[2] for gradient in kl_divergence_backward(dloss, cache))

    @mistake("N712", replaces="kl_divergence_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each row."""
        return kl_divergence_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="kl_divergence_forward")
    def always_the_mean(p, q, *, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss a row."""
        return kl_divergence_forward(p, q)


class MistakesOfCrossEntropyDist:
    @mistake("M27", replaces="cross_entropy_dist_forward")
    def direction_turned_round(p, q, *, reduction="mean"):
        """The logarithm is that of Q, the weights are P: it is not symmetric."""
        _, cache = cross_entropy_dist_forward(p, q, reduction=reduction)
        return cross_entropy_dist_forward(q, p, reduction=reduction)[0], cache

    @mistake("M27", replaces="cross_entropy_dist_forward")
    def zero_times_log_zero(p, q, *, reduction="mean"):
        """What P excludes costs nothing, also where Q excludes it: 0 times -inf is NaN."""
        _, cache = cross_entropy_dist_forward(p, q, reduction=reduction)
        with np.errstate(divide="ignore", invalid="ignore"):
            return _reduced(-(p * np.log(q)).sum(axis=1), reduction), cache

    @mistake("M21", replaces="cross_entropy_dist_forward")
    def log_of_q_plus_epsilon(p, q, *, reduction="mean"):
        """Leave q alone: log(q + 1e-8) caps the loss at 18.4."""
        _, cache = cross_entropy_dist_forward(p, q, reduction=reduction)
        return _reduced(-(p * np.log(q + q.dtype.type(1e-8))).sum(axis=1), reduction), cache

    @mistake("N1125", replaces="cross_entropy_dist_forward")
    def entropy_taken_away(p, q, *, reduction="mean"):
        """The entropy of P is a part of it: without that it is the KL divergence."""
        _, cache = cross_entropy_dist_forward(p, q, reduction=reduction)
        return kl_divergence_forward(p, q, reduction=reduction)[0], cache

    @mistake("N1124", replaces="cross_entropy_dist_forward")
    def divided_by_all_entries(p, q, *, reduction="mean"):
        """Divide by the number of distributions, not by that of all entries."""
        loss, cache = cross_entropy_dist_forward(p, q, reduction=reduction)
        return loss / (p.shape[1] if reduction == "mean" else 1), cache

    @mistake("N1120", replaces="cross_entropy_dist_forward")
    def sign_forgotten(p, q, *, reduction="mean"):
        """Logarithms of probabilities are negative: minus their mean."""
        loss, cache = cross_entropy_dist_forward(p, q, reduction=reduction)
        return -loss, cache

    @mistake("N1126", replaces="cross_entropy_dist_backward")
    def gradient_of_q_not_weighted(dloss, cache):
        """dq = -P / Q: weigh by P."""
        _, q, divisor = cache
        with np.errstate(divide="ignore"):
            return cross_entropy_dist_backward(dloss, cache)[0], -1 / q * (dloss / divisor)[..., None]

    @mistake("N1126", replaces="cross_entropy_dist_backward")
    def gradient_of_p_left_out(dloss, cache):
        """P has a gradient as well: -log Q."""
        dp, dq = cross_entropy_dist_backward(dloss, cache)
        return 0 * np.nan_to_num(dp), dq

    @mistake("M14", replaces="cross_entropy_dist_backward")
    def gradient_not_divided_by_n(dloss, cache):
        """Divide the gradient by N, as the mean does with the loss."""
        return tuple(gradient * cache[2] for gradient in cross_entropy_dist_backward(dloss, cache))

    @mistake("N712", replaces="cross_entropy_dist_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each row."""
        return cross_entropy_dist_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="cross_entropy_dist_forward")
    def always_the_mean(p, q, *, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss a row."""
        return cross_entropy_dist_forward(p, q)


def _reduced(losses, reduction):
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / max(1, len(losses))}[reduction]
