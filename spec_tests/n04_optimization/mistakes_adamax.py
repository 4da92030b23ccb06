"""Classic mistakes of Adamax."""

import numpy as np

from nnspec.reference import adam, adamax
from nnspec.spec_tests._known import mistake


class MistakesOfAdamax:
    @mistake("M40", replaces="adamax")
    def moment_not_corrected(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Divide m by 1 - beta1^t: without it the first steps are too short."""
        new, (m, u, t) = adamax(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w - lr * m / u, (m, u, t)

    @mistake("M40", replaces="adamax")
    def count_never_goes_up(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Count the steps: here every one is corrected like the first."""
        new, (m, u, _) = adamax(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return new, (m, u, 0)

    @mistake("N1207", replaces="adamax")
    def maximum_corrected_too(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Only the mean starts too low: a maximum needs no 1 - beta2^t."""
        _, (m, u, t) = adamax(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w - lr * m / (1 - beta1**t) / (u / (1 - beta2**t)), (m, u, t)

    @mistake("M41", replaces="adamax")
    def corrected_moment_stored(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Keep the uncorrected moment as state; the corrected one is for this step only."""
        new, (m, u, t) = adamax(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return new, (m / (1 - beta1**t), u, t)

    @mistake("N1207", replaces="adamax")
    def maximum_never_fades(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Each step forgets a little of the maximum: max(beta2 u, |dw|), not max(u, |dw|)."""
        return adamax(w, dw, state, lr=lr, beta1=beta1, beta2=1 - 2.0**-53, eps=eps)

    @mistake("N1207", replaces="adamax")
    def new_gradient_fades(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """The newest gradient counts in full: beta2 belongs to u, 1 - beta2 to no one."""
        m, u, t = (0 * w, 0 * w, 0) if state is None else state
        m, u, t = beta1 * m + (1 - beta1) * dw, np.maximum(beta2 * u, (1 - beta2) * np.abs(dw) + eps), t + 1
        return w - lr * m / (1 - beta1**t) / u, (m, u, t)

    @mistake("N1207", replaces="adamax")
    def sign_lost(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """The maximum is of |dw|: of dw itself, negative gradients never count."""
        m, u, t = (0 * w, 0 * w, 0) if state is None else state
        m, u, t = beta1 * m + (1 - beta1) * dw, np.maximum(beta2 * u, dw + eps), t + 1
        with np.errstate(divide="ignore", invalid="ignore"):
            return w - lr * m / (1 - beta1**t) / u, (m, u, t)

    @mistake("N1207", replaces="adamax")
    def plain_adam(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """The largest |dw| divides; the root of the mean square is Adam's."""
        return adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("N1207", replaces="adamax")
    def one_maximum_for_all_entries(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Every entry has a maximum of its own over the steps, not one over all entries."""
        m, u, t = (0 * w, 0 * w, 0) if state is None else state
        here = np.abs(dw).max(initial=0) + eps
        m, u, t = beta1 * m + (1 - beta1) * dw, np.maximum(beta2 * u, here.astype(w.dtype)), t + 1
        return w - lr * m / (1 - beta1**t) / u, (m, u, t)

    @mistake("M44", replaces="adamax")
    def betas_swapped(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """beta1 = 0.9 is for the mean of the gradient, beta2 = 0.999 for its maximum."""
        return adamax(w, dw, state, lr=lr, beta1=beta2, beta2=beta1, eps=eps)

    @mistake("N702", replaces="adamax")
    def eps_fixed(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Use the eps that is given."""
        return adamax(w, dw, state, lr=lr, beta1=beta1, beta2=beta2)

    @mistake("M38", replaces="adamax")
    def uphill(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Step against the gradient: w - lr …, not w + lr …."""
        return adamax(w, dw, state, lr=-lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("M45", replaces="adamax")
    def state_changed_in_place(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Make a new moment and a new maximum: those in the caller's state must not move."""
        new, kept = adamax(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        if state is not None:
            state[0][...], state[1][...] = kept[:2]
        return new, kept
