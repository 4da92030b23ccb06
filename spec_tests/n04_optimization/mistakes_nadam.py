"""Classic mistakes of Nadam."""

import itertools

import numpy as np

from nnspec.reference import adam, nadam
from nnspec.spec_tests._known import mistake

ALL_STEPS = itertools.count()


def begun(w, state):
    return (0 * w, 0 * w, 0) if state is None else state


class MistakesOfNadam:
    @mistake("M40", replaces="nadam")
    def step_counted_afterwards(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """Count the step before the bias correction: at t = 0 it divides by 0."""
        m, v, t = begun(w, state)
        m, v = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * dw**2
        with np.errstate(divide="ignore", invalid="ignore"):
            ahead = (beta1 * m + (1 - beta1) * dw) / np.float64(1 - beta1**t)
            return w - lr * ahead / (np.sqrt(v / np.float64(1 - beta2**t)) + eps), (m, v, t + 1)

    @mistake("M40", replaces="nadam")
    def count_never_goes_up(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """Count the steps: here every one is corrected like the first."""
        new, (m, v, _) = nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)
        return new, (m, v, 0)

    @mistake("M40", replaces="nadam")
    def gradient_not_corrected(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """(1 - beta1) dw is a part of m, and divided by 1 - beta1^t as well."""
        _, (m, v, t) = nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)
        ahead = beta1 * m / (1 - beta1**t) + (1 - beta1) * dw
        return w - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)

    @mistake("M41", replaces="nadam")
    def corrected_moments_stored(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """Keep the uncorrected moments as state; the corrected ones are for this step only."""
        new, (m, v, t) = nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)
        return new, (m / (1 - beta1**t), v / (1 - beta2**t), t)

    @mistake("M42", replaces="nadam")
    def one_count_for_all_tensors(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """Count the steps of each tensor by itself; here one count serves all of them."""
        m, v, _ = begun(w, state)
        counted = (m, v, next(ALL_STEPS))
        return nadam(w, dw, counted, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)

    @mistake("N1204", replaces="nadam")
    def plain_adam(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """Look ahead: beta1 mhat and once more the gradient; mhat alone is Adam."""
        return adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("N1204", replaces="nadam")
    def looked_ahead_from_the_old_moment(
        w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None
    ):
        """Look ahead from the m of this step: beta1 m_before + (1 - beta1) dw is m itself, and this is Adam."""
        before, *_ = begun(w, state)
        _, (m, v, t) = nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)
        ahead = beta1 * before / (1 - beta1**t) + (1 - beta1) * dw / (1 - beta1**t)
        return w - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)

    @mistake("N1204", replaces="nadam")
    def gradient_added_with_full_weight(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """The gradient enters with 1 - beta1 beside beta1 mhat: together they weigh 1."""
        _, (m, v, t) = nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)
        ahead = beta1 * m / (1 - beta1**t) + dw
        return w - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)

    @mistake("N1205", replaces="nadam")
    def schedule_ignored(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """With a schedule the momentum grows from step to step: mu_t = beta1 (1 - 0.96^(schedule t) / 2)."""
        return nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("N1205", replaces="nadam")
    def corrected_by_beta1_under_a_schedule(
        w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None
    ):
        """With a schedule 1 - mu_1 … mu_t corrects, and not 1 - beta1^t: the momentum is lower at first."""
        new, (m, v, t) = nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)
        if schedule is None:
            return new, (m, v, t)
        mu, following = (beta1 * (1 - 0.96 ** (schedule * step) / 2) for step in (t, t + 1))
        ahead = following * m / (1 - beta1 ** (t + 1)) + (1 - mu) * dw / (1 - beta1**t)
        return w - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)

    @mistake("N1205", replaces="nadam")
    def schedule_begins_at_zero(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """The first step has t = 1 in the schedule too: m is weighed by mu_2 and the gradient by 1 - mu_1."""
        new, (m, v, t) = nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)
        if schedule is None:
            return new, (m, v, t)
        mu = beta1 * (1 - 0.96 ** (schedule * np.arange(t + 1)) / 2)
        ahead = float(mu[t] / (1 - mu.prod())) * m + float((1 - mu[t - 1]) / (1 - mu[:t].prod())) * dw
        return w - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)

    @mistake("M44", replaces="nadam")
    def betas_swapped(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """beta1 = 0.9 is for the mean of the gradient, beta2 = 0.999 for that of its square."""
        return nadam(w, dw, state, lr=lr, beta1=beta2, beta2=beta1, eps=eps, schedule=schedule)

    @mistake("M43", replaces="nadam")
    def eps_inside_the_root(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """Add eps to the root, not below it: sqrt(vhat) + eps."""
        new, (m, v, t) = nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)
        vhat = v / (1 - beta2**t)
        return w + (new - w) * (np.sqrt(vhat) + eps) / np.sqrt(vhat + eps), (m, v, t)

    @mistake("M43", replaces="nadam")
    def eps_missing(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """eps is missing: an entry without gradient becomes 0/0."""
        with np.errstate(invalid="ignore"):
            return nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=0.0, schedule=schedule)

    @mistake("N702", replaces="nadam")
    def eps_fixed(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """Use the eps that is given."""
        return nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, schedule=schedule)

    @mistake("M38", replaces="nadam")
    def uphill(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """Step against the gradient: w - lr …, not w + lr …."""
        return nadam(w, dw, state, lr=-lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)

    @mistake("M45", replaces="nadam")
    def moments_changed_in_place(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """Make new moments: those in the caller's state must not move."""
        new, kept = nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)
        if state is not None:
            state[0][...], state[1][...] = kept[:2]
        return new, kept

    @mistake("M45", replaces="nadam")
    def w_updated_in_place(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """Return a new w: the rule is pure, the caller's w must not move."""
        new, kept = nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)
        w[...] = new
        return w, kept
