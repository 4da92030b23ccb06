"""Classic mistakes of AMSGrad."""

import numpy as np

from nnspec.reference import adam, amsgrad
from nnspec.spec_tests._known import mistake


class MistakesOfAmsgrad:
    @mistake("N1206", replaces="amsgrad")
    def plain_adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Divide by the largest second moment so far; by that of this step it is Adam."""
        return adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("N1206", replaces="amsgrad")
    def maximum_kept_as_moment(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Keep v beside its maximum: an average that goes on from the maximum never falls to where v is."""
        new, (m, _, top, t) = amsgrad(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return new, (m, top, top, t)

    @mistake("N1206", replaces="amsgrad")
    def largest_gradient(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """The maximum is of the averages v, not of the squared gradients."""
        m, v, top, t = (0 * w, 0 * w, 0 * w, 0) if state is None else state
        top = np.maximum(top, (1 - beta2) * dw * dw)
        moved, (m, v, _, t) = amsgrad(w, dw, (m, v, top, t), lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w - lr * m / (1 - beta1**t) / (np.sqrt(top / (1 - beta2**t)) + eps), (m, v, top, t)

    @mistake("N1206", replaces="amsgrad")
    def smallest_moment(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """The largest v divides, so that rates only fall; the smallest one makes them rise."""
        low = np.full_like(w, np.inf) if state is None else state[2]
        _, (m, v, _, t) = amsgrad(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        low = np.minimum(low, v)
        return w - lr * m / (1 - beta1**t) / (np.sqrt(low / (1 - beta2**t)) + eps), (m, v, low, t)

    @mistake("M40", replaces="amsgrad")
    def count_never_goes_up(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Count the steps: here every one is corrected like the first."""
        new, (m, v, top, _) = amsgrad(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return new, (m, v, top, 0)

    @mistake("M41", replaces="amsgrad")
    def corrected_moments_stored(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Keep the uncorrected moments as state; the corrected ones are for this step only."""
        new, (m, v, top, t) = amsgrad(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return new, (m / (1 - beta1**t), v / (1 - beta2**t), top / (1 - beta2**t), t)

    @mistake("M43", replaces="amsgrad")
    def eps_inside_the_root(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Add eps to the root, not below it."""
        _, (m, v, top, t) = amsgrad(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w - lr * m / (1 - beta1**t) / np.sqrt(top / (1 - beta2**t) + eps), (m, v, top, t)

    @mistake("M43", replaces="amsgrad")
    def eps_missing(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """eps is missing: an entry without gradient becomes 0/0."""
        with np.errstate(invalid="ignore"):
            return amsgrad(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=0.0)

    @mistake("M44", replaces="amsgrad")
    def betas_swapped(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """beta1 = 0.9 is for the mean of the gradient, beta2 = 0.999 for that of its square."""
        return amsgrad(w, dw, state, lr=lr, beta1=beta2, beta2=beta1, eps=eps)

    @mistake("N702", replaces="amsgrad")
    def eps_fixed(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Use the eps that is given."""
        return amsgrad(w, dw, state, lr=lr, beta1=beta1, beta2=beta2)

    @mistake("M38", replaces="amsgrad")
    def uphill(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Step against the gradient: w - lr …, not w + lr …."""
        return amsgrad(w, dw, state, lr=-lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("M45", replaces="amsgrad")
    def maximum_changed_in_place(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Make a new maximum: that in the caller's state must not move."""
        new, kept = amsgrad(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        if state is not None:
            for moment, now in zip(state[:3], kept[:3], strict=True):
                moment[...] = now
        return new, kept
