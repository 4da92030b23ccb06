"""Classic mistakes of Lion."""

import numpy as np

from nnspec.reference import lion, sgd_momentum
from nnspec.spec_tests._known import mistake


class MistakesOfLion:
    @mistake("N1208", replaces="lion")
    def sign_forgotten(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """Only the sign of c moves w: every entry by lr."""
        m = 0 * w if state is None else state
        c = beta1 * m + (1 - beta1) * dw
        return w - lr * (c + weight_decay * w), beta2 * m + (1 - beta2) * dw

    @mistake("N1208", replaces="lion")
    def sign_of_the_gradient(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """Take the sign of c, in which the momentum has its share; that of dw alone remembers nothing."""
        _, m = lion(w, dw, state, lr=lr, beta1=beta1, beta2=beta2)
        return w - lr * (np.sign(dw) + weight_decay * w), m

    @mistake("N1208", replaces="lion")
    def interpolated_moment_stored(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """c is for this step only: the memory goes on with beta2."""
        return lion(w, dw, state, lr=lr, beta1=beta1, beta2=beta1, weight_decay=weight_decay)

    @mistake("N1208", replaces="lion")
    def moment_updated_before_the_step(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """The step interpolates with the m of before; m goes on after it."""
        m = 0 * w if state is None else state
        m = beta2 * m + (1 - beta2) * dw
        moved, _ = lion(w, dw, m, lr=lr, beta1=beta1, beta2=beta2, weight_decay=weight_decay)
        return moved, m

    @mistake("M44", replaces="lion")
    def betas_swapped(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """beta1 is for the step and beta2, the larger one, for the memory."""
        return lion(w, dw, state, lr=lr, beta1=beta2, beta2=beta1, weight_decay=weight_decay)

    @mistake("M44", replaces="lion")
    def beta_and_one_minus_beta_swapped(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """beta stays with the old moment and 1 - beta goes to the gradient."""
        return lion(w, dw, state, lr=lr, beta1=1 - beta1, beta2=1 - beta2, weight_decay=weight_decay)

    @mistake("N1208", replaces="lion")
    def zero_counted_as_positive(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """sign(0) is 0: where there never was a gradient, w stays."""
        m = 0 * w if state is None else state
        c = beta1 * m + (1 - beta1) * dw
        return w - lr * (np.where(c >= 0, 1, -1) + weight_decay * w).astype(w.dtype), beta2 * m + (1 - beta2) * dw

    @mistake("M46", replaces="lion")
    def decay_added_to_the_gradient(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """The decay stands beside the sign: in the gradient it could only turn a sign."""
        return lion(w, dw + weight_decay * w, state, lr=lr, beta1=beta1, beta2=beta2)

    @mistake("M46", replaces="lion")
    def decay_without_lr(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """The decay is multiplied by lr like the sign."""
        moved, m = lion(w, dw, state, lr=lr, beta1=beta1, beta2=beta2)
        return moved - weight_decay * w, m

    @mistake("N1208", replaces="lion")
    def plain_momentum(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """Interpolate and take the sign: a velocity that moves w is momentum."""
        return sgd_momentum(w, dw, state, lr=lr, mu=beta1)

    @mistake("N64", replaces="lion")
    def moment_forgotten(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """Hand the moment on as state: without it this is the sign of the gradient."""
        return lion(w, dw, None, lr=lr, beta1=beta1, beta2=beta2, weight_decay=weight_decay)

    @mistake("M38", replaces="lion")
    def uphill(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """Step against the sign: w - lr …, not w + lr …."""
        return lion(w, dw, state, lr=-lr, beta1=beta1, beta2=beta2, weight_decay=-weight_decay)

    @mistake("M45", replaces="lion")
    def moment_changed_in_place(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """Make a new moment: the one in the caller's state must not move."""
        new, m = lion(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, weight_decay=weight_decay)
        if state is not None:
            state[...] = m
        return new, m
