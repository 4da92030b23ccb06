"""Classic mistakes of Adam."""

import itertools

import numpy as np

from nnspec.reference import adam
from nnspec.spec_tests._known import mistake

ALL_STEPS = itertools.count()


class MistakesOfAdam:
    @mistake("M40", replaces="adam")
    def step_counted_afterwards(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Count the step before the bias correction: at t = 0 it divides by 0."""
        m, v, t = state or (0 * w, 0 * w, 0)
        m, v = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * dw**2
        with np.errstate(divide="ignore", invalid="ignore"):
            step = lr * (m / np.float64(1 - beta1**t)) / (np.sqrt(v / np.float64(1 - beta2**t)) + eps)
        return w - step, (m, v, t + 1)

    @mistake("M40", replaces="adam")
    def no_bias_correction(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Divide the moments by 1 - beta^t: without it the first steps are too short."""
        m, v, t = state or (0 * w, 0 * w, 0)
        m, v = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * dw**2
        return w - lr * m / (np.sqrt(v) + eps), (m, v, t + 1)

    @mistake("M41", replaces="adam")
    def corrected_moments_stored(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Keep the uncorrected moments as state; the corrected ones are for this step only."""
        w, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w, (m / (1 - beta1**t), v / (1 - beta2**t), t)

    @mistake("M40", replaces="adam")
    def count_never_goes_up(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Count the steps: here every one is corrected like the first."""
        new, (m, v, _) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return new, (m, v, 0)

    @mistake("M40", replaces="adam")
    def no_bias_correction_and_eps_inside(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Divide the moments by 1 - beta^t, and add eps to the root, not below it."""
        m, v, t = state or (0 * w, 0 * w, 0)
        m, v = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * dw**2
        return w - lr * m / np.sqrt(v + eps), (m, v, t + 1)

    @mistake("M42", replaces="adam")
    def step_counted_twice(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Count the steps of each tensor by itself; here every call takes two."""
        m, v, t = state or (0 * w, 0 * w, 0)
        return adam(w, dw, (m, v, t + 1), lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("M42", replaces="adam")
    def one_count_for_all_tensors(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Count the steps of each tensor by itself; here one count serves all of them."""
        m, v, _ = state or (0 * w, 0 * w, 0)
        return adam(w, dw, (m, v, next(ALL_STEPS)), lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("N700", replaces="adam")
    def count_ends_at_three(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Count every step: here the corrections stay those of the third."""
        m, v, t = state or (0 * w, 0 * w, 0)
        return adam(w, dw, (m, v, min(t, 2)), lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("N700", replaces="adam")
    def corrected_in_the_first_steps_only(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Correct in every step: here the correction is left out once the moments have some steps behind them."""
        new, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return (new if t < 10 else w - lr * m / (np.sqrt(v) + eps)), (m, v, t)

    @mistake("M44", replaces="adam")
    def betas_swapped(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """beta1 = 0.9 is for the mean of the gradient, beta2 = 0.999 for that of its square."""
        return adam(w, dw, state, lr=lr, beta1=beta2, beta2=beta1, eps=eps)

    @mistake("M44", replaces="adam")
    def beta_and_one_minus_beta_swapped(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """beta stays with the old moment and 1 - beta goes to the gradient."""
        m, v, t = state or (0 * w, 0 * w, 0)
        m, v, t = (1 - beta1) * m + beta1 * dw, (1 - beta2) * v + beta2 * dw**2, t + 1
        return w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)

    @mistake("N701", replaces="adam")
    def root_forgotten(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Divide by the root of the second moment."""
        _, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w - lr * (m / (1 - beta1**t)) / (v / (1 - beta2**t) + eps), (m, v, t)

    @mistake("N701", replaces="adam")
    def step_along_the_gradient_itself(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """The numerator is the mean of the gradients; with the gradient itself it is RMSProp."""
        _, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w - lr * dw / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)

    @mistake("N702", replaces="adam")
    def eps_fixed(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Use the lr, the betas and the eps that are given."""
        return adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2)

    @mistake("M43", replaces="adam")
    def eps_inside_the_root(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Add eps to the root, not below it: sqrt(vhat) + eps."""
        _, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w - lr * (m / (1 - beta1**t)) / np.sqrt(v / (1 - beta2**t) + eps), (m, v, t)

    @mistake("M43", replaces="adam")
    def eps_missing(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """eps is missing: an entry without gradient becomes 0/0."""
        with np.errstate(invalid="ignore"):
            return adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=0.0)

    @mistake("M45", replaces="adam")
    def w_updated_in_place(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Return a new w: the rule is pure, the caller's w must not move."""
        new, state = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        w[...] = new
        return w, state

    @mistake("M45", replaces="adam")
    def state_changed_in_place(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Make new moments: those in the caller's state must not move."""
        new, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        if state is not None:
            state[0][...], state[1][...] = m, v
        return new, (m, v, t)

    @mistake("M38", replaces="adam")
    def uphill(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """Step against the gradient: w - lr …, not w + lr …."""
        return adam(w, dw, state, lr=-lr, beta1=beta1, beta2=beta2, eps=eps)
