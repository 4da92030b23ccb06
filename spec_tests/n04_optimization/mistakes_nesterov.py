"""Classic mistakes of Nesterov's accelerated gradient."""

from nnspec.reference import nesterov, sgd_momentum
from nnspec.spec_tests._known import mistake


class MistakesOfNesterov:
    @mistake("M39", replaces="nesterov")
    def plain_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Look ahead: w - mu v_before + (1 + mu) v; w + v is plain momentum, as with a v_before taken too late."""
        return sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)

    @mistake("M39", replaces="nesterov")
    def old_velocity_not_taken_back(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """w has looked ahead by mu v_before already: take that back before (1 + mu) v."""
        before = 0 * w if state is None else state
        new, v = nesterov(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        return new + mu * before * (1 if lr_in_velocity else -lr), v

    @mistake("M39", replaces="nesterov")
    def looked_ahead_by_the_old_velocity(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Look ahead by the velocity of this step: lr dw is part of it."""
        before = 0 * w if state is None else state
        _, v = nesterov(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        ahead = mu * before
        return (w - lr * dw + ahead if lr_in_velocity else w - lr * (dw + ahead)), v

    @mistake("M38", replaces="nesterov")
    def uphill(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Step against the gradient: v = mu v - lr dw."""
        return nesterov(w, dw, state, lr=-lr, mu=mu, lr_in_velocity=lr_in_velocity)

    @mistake("N64", replaces="nesterov")
    def velocity_forgotten(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Hand the velocity on as state: without it every step is the first."""
        return nesterov(w, dw, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)

    @mistake("N63", replaces="nesterov")
    def gradient_times_one_minus_mu(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """The gradient enters with lr alone; (1 - mu) belongs to averages such as Adam's."""
        return nesterov(w, (1 - mu) * dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)

    @mistake("N703", replaces="nesterov")
    def mu_fixed(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Use the mu that is given; 0.9 is only its default."""
        return nesterov(w, dw, state, lr=lr, lr_in_velocity=lr_in_velocity)

    @mistake("N704", replaces="nesterov")
    def lr_always_inside(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Where lr changes, v = mu v - lr dw and v = mu v + dw part: look at lr_in_velocity."""
        return nesterov(w, dw, state, lr=lr, mu=mu)

    @mistake("M45", replaces="nesterov")
    def velocity_changed_in_place(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Make a new velocity: the one in the caller's state must not move."""
        new, v = nesterov(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        if state is not None:
            state[...] = v
        return new, v

    @mistake("M45", replaces="nesterov")
    def w_updated_in_place(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """Return a new w: the rule is pure, the caller's w must not move."""
        new, v = nesterov(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        w[...] = new
        return w, v
