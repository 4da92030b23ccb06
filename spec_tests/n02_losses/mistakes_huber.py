"""Classic mistakes of the Huber loss."""

import numpy as np

from nnspec.reference import huber_backward, huber_forward
from nnspec.spec_tests._known import mistake


class MistakesOfHuber:
    @mistake("N1108", replaces="huber_forward")
    def smooth_l1_for_huber(x, t, *, delta=1.0, reduction="mean"):
        """Huber is delta times PyTorch's smooth L1: the piece near 0 is r^2/2, without a division by delta."""
        loss, cache = huber_forward(x, t, delta=delta, reduction=reduction)
        slope, divisor = cache
        return loss / delta, cache.of((slope / delta, divisor), cache.op, [loss])

    @mistake("N1109", replaces="huber_forward")
    def pieces_that_do_not_meet(x, t, *, delta=1.0, reduction="mean"):
        """Beyond delta it is delta (|r| - delta/2): with delta |r| there is a step at delta."""
        _, cache = huber_forward(x, t, delta=delta, reduction=reduction)
        r = abs(x - t)
        return _reduced(np.where(r <= delta, r * r / 2, delta * r), reduction), cache

    @mistake("N1110", replaces="huber_forward")
    def half_of_the_square_forgotten(x, t, *, delta=1.0, reduction="mean"):
        """Near 0 it is half the square: only then do the slopes meet at delta."""
        _, cache = huber_forward(x, t, delta=delta, reduction=reduction)
        r = abs(x - t)
        return _reduced(np.where(r <= delta, r * r, delta * (r - delta / 2)), reduction), cache

    @mistake("N1110", replaces="huber_forward")
    def delta_outside_forgotten(x, t, *, delta=1.0, reduction="mean"):
        """Beyond delta the slope is delta, so that |r| - delta/2 is multiplied by it."""
        _, cache = huber_forward(x, t, delta=delta, reduction=reduction)
        r = abs(x - t)
        return _reduced(np.where(r <= delta, r * r / 2, r - delta / 2), reduction), cache

    @mistake("N1111", replaces="huber_forward")
    def pieces_exchanged(x, t, *, delta=1.0, reduction="mean"):
        """Small differences are squared, and large ones are not."""
        _, cache = huber_forward(x, t, delta=delta, reduction=reduction)
        r = abs(x - t)
        return _reduced(np.where(r > delta, r * r / 2, delta * (r - delta / 2)), reduction), cache

    @mistake("N1112", replaces="huber_forward")
    def delta_ignored(x, t, *, delta=1.0, reduction="mean"):
        """Use the delta that is given; 1 is only its default."""
        return huber_forward(x, t, reduction=reduction)

    @mistake("N1113", replaces="huber_forward")
    def slope_not_clipped(x, t, *, delta=1.0, reduction="mean"):
        """Beyond delta the slope is delta or -delta: clip the difference."""
        loss, cache = huber_forward(x, t, delta=delta, reduction=reduction)
        return loss, cache.of((x - t, cache[1]), cache.op, [loss])

    @mistake("N1113", replaces="huber_forward")
    def sign_beyond_delta(x, t, *, delta=1.0, reduction="mean"):
        """Beyond delta the slope is delta times the sign."""
        loss, cache = huber_forward(x, t, delta=delta, reduction=reduction)
        off = x - t
        return loss, cache.of((np.where(abs(off) <= delta, off, np.sign(off)), cache[1]), cache.op, [loss])

    @mistake("M14", replaces="huber_backward")
    def gradient_not_divided(dloss, cache):
        """Divide the gradient by the number of entries, as the mean does with the loss."""
        return huber_backward(dloss, cache) * cache[1]

    @mistake("N712", replaces="huber_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each entry."""
        return huber_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="huber_forward")
    def always_the_mean(x, t, *, delta=1.0, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss for each entry."""
        return huber_forward(x, t, delta=delta)


def _reduced(terms, reduction):
    return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / max(1, terms.size)}[reduction]
