"""Classic mistakes of gradient descent with momentum."""

import numpy as np

from nnspec.reference import sgd_momentum
from nnspec.spec_tests._known import mistake


class MistakesOfSgdMomentum:
    @mistake("M38", replaces="sgd_momentum")
    def uphill(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Step against the gradient: v = mu v - lr dw before w + v."""
        return sgd_momentum(w, dw, state, lr=-lr, mu=mu, lr_in_velocity=lr_in_velocity)

    @mistake("M38", replaces="sgd_momentum")
    def velocity_added_though_lr_is_outside(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Step against the gradient: subtract lr v, whose sign is that of dw."""
        new, v = sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        return (new if lr_in_velocity else w + lr * v), v

    @mistake("M45", replaces="sgd_momentum")
    def w_updated_in_place(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Return a new w: the rule is pure, the caller's w must not move."""
        new, v = sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        w[...] = new
        return w, v

    @mistake("M45", replaces="sgd_momentum")
    def velocity_changed_in_place(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Make a new velocity: the one in the caller's state must not move."""
        new, v = sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        if state is not None:
            state[...] = v
        return new, v

    @mistake("M45", replaces="sgd_momentum")
    def velocity_is_the_first_gradient(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Copy the first gradient into the velocity: an alias of dw changes the caller's array."""
        if state is None:
            state = dw
        else:
            state *= w.dtype.type(mu)
            state += dw
        return w - lr * state, state

    @mistake("M45", replaces="sgd_momentum")
    def velocity_of_integers(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Give the velocity the dtype of w: integers lose what is below 1."""
        new, v = sgd_momentum(
            w, dw, None if state is None else state.astype(w.dtype), lr=lr, mu=mu, lr_in_velocity=lr_in_velocity
        )
        return new, v.astype(np.int64)

    @mistake("N63", replaces="sgd_momentum")
    def gradient_times_one_minus_mu(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """The gradient enters with lr alone; (1 - mu) belongs to averages such as Adam's."""
        return sgd_momentum(w, (1 - mu) * dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)

    @mistake("M39", replaces="sgd_momentum")
    def nesterov_in_its_place(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Plain momentum moves by v; Nesterov's looks ahead and moves by (1 + mu) v - mu v_before."""
        _, v = sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        before = 0 * w if state is None else state
        return (w - mu * before + (1 + mu) * v if lr_in_velocity else w - lr * (dw + mu * v)), v

    @mistake("N723", replaces="sgd_momentum")
    def w_lost(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """The step starts from w: w + v, not v alone."""
        new, v = sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        return new - w, v

    @mistake("N703", replaces="sgd_momentum")
    def mu_fixed(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Use the mu that is given; 0.9 is only its default."""
        return sgd_momentum(w, dw, state, lr=lr, lr_in_velocity=lr_in_velocity)

    @mistake("N703", replaces="sgd_momentum")
    def lr_and_mu_swapped(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """mu belongs to the velocity and lr to the gradient."""
        return sgd_momentum(w, dw, state, lr=mu, mu=lr, lr_in_velocity=lr_in_velocity)

    @mistake("N64", replaces="sgd_momentum")
    def velocity_forgotten(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Hand the velocity on as state: without it this is plain descent."""
        return sgd_momentum(w, dw, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)

    @mistake("N64", replaces="sgd_momentum")
    def step_with_the_old_velocity(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Step with the velocity of this step, not with the one before."""
        _, v = sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        old = 0 * w if state is None else state
        return w + (old if lr_in_velocity else -lr * old), v


class MistakesOfSgdMomentumChangingLr:
    @mistake("N704", replaces="sgd_momentum")
    def lr_always_inside(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Where lr changes, v = mu v - lr dw and v = mu v + dw part: look at lr_in_velocity."""
        return sgd_momentum(w, dw, state, lr=lr, mu=mu)
