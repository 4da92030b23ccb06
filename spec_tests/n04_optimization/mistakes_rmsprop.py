"""Classic mistakes of RMSProp."""

import numpy as np

from nnspec.reference import adagrad, rmsprop
from nnspec.spec_tests._known import mistake


class MistakesOfRmsprop:
    @mistake("M43", replaces="rmsprop", convention=True)
    def eps_inside_the_root(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """Add eps to the root, not below it: sqrt(s) + eps."""
        _, s = rmsprop(w, dw, state, lr=lr, rho=rho, eps=eps)
        return w - lr * dw / np.sqrt(s + eps), s

    @mistake("M43", replaces="rmsprop")
    def eps_missing(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """eps is missing: an entry without gradient becomes 0/0."""
        with np.errstate(invalid="ignore"):
            return rmsprop(w, dw, state, lr=lr, rho=rho, eps=0.0)

    @mistake("M44", replaces="rmsprop")
    def rho_and_one_minus_rho_swapped(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """rho stays with the old squares and 1 - rho goes to the gradient."""
        s = (1 - rho) * (0 * w if state is None else state) + rho * dw * dw
        return w - lr * dw / (np.sqrt(s) + eps), s

    @mistake("M44", replaces="rmsprop")
    def squares_summed(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """The squares are averaged: adding them up is AdaGrad."""
        return adagrad(w, dw, state, lr=lr, eps=eps)

    @mistake("M44", replaces="rmsprop")
    def new_square_with_full_weight(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """The new square enters with 1 - rho: rho s + dw^2 is no average."""
        s = rho * (0 * w if state is None else state) + dw * dw
        return w - lr * dw / (np.sqrt(s) + eps), s

    @mistake("N64", replaces="rmsprop")
    def squares_forgotten(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """Hand the squares on as state: without them every step is the first."""
        return rmsprop(w, dw, None, lr=lr, rho=rho, eps=eps)

    @mistake("N1202", replaces="rmsprop")
    def bias_corrected(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """RMSProp corrects nothing: s / (1 - rho^t) belongs to Adam."""
        s, t = (None, 0) if state is None else state
        _, s = rmsprop(w, dw, s, lr=lr, rho=rho, eps=eps)
        return w - lr * dw / (np.sqrt(s / (1 - rho ** (t + 1))) + eps), (s, t + 1)

    @mistake("M38", replaces="rmsprop")
    def uphill(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """Step against the gradient: w - lr …, not w + lr …."""
        return rmsprop(w, dw, state, lr=-lr, rho=rho, eps=eps)

    @mistake("N701", replaces="rmsprop")
    def root_forgotten(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """Divide by the root of the mean square."""
        _, s = rmsprop(w, dw, state, lr=lr, rho=rho, eps=eps)
        return w - lr * dw / (s + eps), s

    @mistake("N1201", replaces="rmsprop")
    def divided_by_the_squares_before(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """Average the new square first and divide then: the first step would divide by eps alone."""
        _, s = rmsprop(w, dw, state, lr=lr, rho=rho, eps=eps)
        return w - lr * dw / (np.sqrt(0 * w if state is None else state) + eps), s

    @mistake("N703", replaces="rmsprop")
    def rho_fixed(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """Use the rho that is given; 0.99 is only its default."""
        return rmsprop(w, dw, state, lr=lr, eps=eps)

    @mistake("N702", replaces="rmsprop")
    def eps_fixed(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """Use the eps that is given."""
        return rmsprop(w, dw, state, lr=lr, rho=rho)

    @mistake("M45", replaces="rmsprop")
    def state_changed_in_place(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """Make new squares: those in the caller's state must not move."""
        new, s = rmsprop(w, dw, state, lr=lr, rho=rho, eps=eps)
        if state is not None:
            state[...] = s
        return new, s

    @mistake("M45", replaces="rmsprop")
    def w_updated_in_place(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """Return a new w: the rule is pure, the caller's w must not move."""
        new, s = rmsprop(w, dw, state, lr=lr, rho=rho, eps=eps)
        w[...] = new
        return w, s
