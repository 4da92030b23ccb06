"""Classic mistakes of the focal loss."""

import numpy as np

from nnspec.reference import focal_loss_backward, focal_loss_forward
from nnspec.spec_tests._known import mistake


class MistakesOfFocalLoss:
    @mistake("M21", replaces="focal_loss_forward")
    def log_of_a_softmax(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
        """Take log p from the scores: of a p that was rounded to 0, log(p + 1e-8) is never above 18.4."""
        _, cache = focal_loss_forward(scores, y, gamma=gamma, alpha=alpha, reduction=reduction)
        p = right_probability(scores, y)
        return terms(p, np.log(p + p.dtype.type(1e-8)), y, gamma, alpha, reduction), cache

    @mistake("M21", replaces="focal_loss_forward")
    def clipped_softmax(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
        """Do not clip p: take log p from the scores, where a p near 0 is a large loss and has a gradient."""
        _, cache = focal_loss_forward(scores, y, gamma=gamma, alpha=alpha, reduction=reduction)
        p = np.clip(right_probability(scores, y), 1e-7, 1 - 1e-7).astype(scores.dtype)
        return terms(p, np.log(p), y, gamma, alpha, reduction), cache

    @mistake("M18", replaces="focal_loss_forward")
    def no_maximum_subtracted(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
        """Subtract each row's maximum before exp, which overflows from 710 on, in float32 from 89."""
        _, cache = focal_loss_forward(scores, y, gamma=gamma, alpha=alpha, reduction=reduction)
        with np.errstate(all="ignore"):
            e = np.exp(scores)
            p = (e / e.sum(axis=1, keepdims=True))[np.arange(len(y)), y]
            return terms(p, np.log(p), y, gamma, alpha, reduction), cache

    @mistake("M14", replaces="focal_loss_backward")
    def gradient_not_divided_by_n(dloss, cache):
        """Divide the gradient by N, as the mean does with the loss."""
        *_, divisor = cache
        return focal_loss_backward(dloss, cache) * divisor

    @mistake("M22", replaces="focal_loss_backward")
    def right_class_as_the_others(dloss, cache):
        """p - onehot: the right class has 1 - p of the slope, and not -p."""
        others, p, rest, logp, modulated, gamma, y, divisor = cache
        return focal_loss_backward(dloss, cache.of((others, p, rest * 0 - p, *cache[3:]), cache.op, [dloss]))

    @mistake("N1702", replaces="focal_loss_forward")
    def power_of_p(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
        """What is right already counts less: (1 - p)^gamma, and not p^gamma."""
        _, cache = focal_loss_forward(scores, y, gamma=gamma, alpha=alpha, reduction=reduction)
        p = right_probability(scores, y)
        return terms(1 - p, logp_of(scores, y), y, gamma, alpha, reduction), cache

    @mistake("N1702", replaces="focal_loss_forward")
    def sign_forgotten(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
        """A loss is positive: minus log p."""
        loss, cache = focal_loss_forward(scores, y, gamma=gamma, alpha=alpha, reduction=reduction)
        return -loss, cache

    @mistake("N1702", replaces="focal_loss_forward")
    def power_of_the_loss_of_the_batch(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
        """Every row has a p of its own: take the power before the mean, and not of exp(-mean loss)."""
        _, cache = focal_loss_forward(scores, y, gamma=gamma, alpha=alpha, reduction=reduction)
        entropy = -logp_of(scores, y)
        whole = reduced(entropy * (1 if alpha is None else alpha[y]), reduction)
        return (1 - np.exp(-whole)) ** scores.dtype.type(gamma) * whole, cache

    @mistake("N1703", replaces="focal_loss_backward")
    def modulation_held_constant(dloss, cache):
        """(1 - p)^gamma depends on the scores as well: its slope is gamma p log p / (1 - p) beside the -1."""
        others, p, rest, logp, modulated, gamma, y, divisor = cache
        return focal_loss_backward(dloss, cache.of((*cache[:5], 0.0, y, divisor), cache.op, [dloss]))

    @mistake("N1703", replaces="focal_loss_backward")
    def sign_of_the_slope_of_the_modulation(dloss, cache):
        """The derivative of (1 - p)^gamma by p is negative: -gamma (1 - p)^(gamma - 1)."""
        others, p, rest, logp, modulated, gamma, y, divisor = cache
        return focal_loss_backward(dloss, cache.of((*cache[:5], -gamma, y, divisor), cache.op, [dloss]))

    @mistake("N1703", replaces="focal_loss_backward")
    def nought_by_nought(dloss, cache):
        """Where p is 1 the gradient is 0: (1 - p)^(gamma - 1) is not finite there below gamma = 1."""
        others, p, rest, logp, modulated, gamma, y, divisor = cache
        dscores = focal_loss_backward(dloss, cache)
        return np.where((rest == 0)[:, None] & (0 < gamma < 1), dscores.dtype.type(np.nan), dscores)

    @mistake("N1704", replaces="focal_loss_forward")
    def divided_by_the_weights(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
        """The mean is over N: alpha weighs the terms, and is not divided by."""
        loss, cache = focal_loss_forward(scores, y, gamma=gamma, alpha=alpha, reduction=reduction)
        return loss * (len(y) / alpha[y].sum() if alpha is not None and reduction == "mean" else 1), cache

    @mistake("N1704", replaces="focal_loss_forward")
    def weight_of_the_place(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
        """alpha[y]: a row has the weight of its label."""
        largest = scores.argmax(axis=1)
        share = None if alpha is None else np.where(np.arange(len(alpha)) == largest[:, None], alpha, 0).sum(axis=1)
        _, cache = focal_loss_forward(scores, y, gamma=gamma, alpha=alpha, reduction=reduction)
        losses, _ = focal_loss_forward(scores, y, gamma=gamma, reduction="none")
        return reduced(losses if share is None else losses * share, reduction), cache

    @mistake("N1704", replaces="focal_loss_forward")
    def alpha_ignored(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
        """Use the weights that are given."""
        return focal_loss_forward(scores, y, gamma=gamma, reduction=reduction)

    @mistake("N1705", replaces="focal_loss_forward")
    def gamma_ignored(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
        """Use the gamma that is given; 2 is only its default."""
        return focal_loss_forward(scores, y, alpha=alpha, reduction=reduction)

    @mistake("N1705", replaces="focal_loss_forward")
    def cross_entropy(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
        """Multiply by (1 - p)^gamma: without it this is the cross-entropy."""
        return focal_loss_forward(scores, y, gamma=0.0, alpha=alpha, reduction=reduction)

    @mistake("N712", replaces="focal_loss_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each row."""
        return focal_loss_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="focal_loss_forward")
    def always_the_mean(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss a row."""
        return focal_loss_forward(scores, y, gamma=gamma, alpha=alpha)


def right_probability(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True))[np.arange(len(y)), y]


def logp_of(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    return (shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))[np.arange(len(y)), y]


def terms(p, logp, y, gamma, alpha, reduction):
    share = p.dtype.type(1) if alpha is None else alpha[y]
    return reduced(-share * (1 - p) ** p.dtype.type(gamma) * logp, reduction)


def reduced(losses, reduction):
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / max(len(losses), 1)}[reduction]
