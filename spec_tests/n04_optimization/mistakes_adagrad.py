"""Classic mistakes of AdaGrad."""

import numpy as np

from nnspec.reference import adagrad, rmsprop
from nnspec.spec_tests._known import mistake


class MistakesOfAdagrad:
    @mistake("M43", replaces="adagrad", convention=True)
    def eps_inside_the_root(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """Add eps to the root, not below it: sqrt(s) + eps."""
        s = (0 * w if state is None else state) + dw * dw
        return w - lr * dw / np.sqrt(s + eps), s

    @mistake("M43", replaces="adagrad")
    def eps_missing(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """eps is missing: an entry without gradient becomes 0/0."""
        with np.errstate(invalid="ignore"):
            return adagrad(w, dw, state, lr=lr, eps=0.0)

    @mistake("M44", replaces="adagrad")
    def squares_overwritten(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """Add dw^2 to the squares so far: s += dw^2, not s = dw^2."""
        return adagrad(w, dw, None, lr=lr, eps=eps)

    @mistake("M44", replaces="adagrad")
    def squares_averaged(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """The squares add up and fade in no step: with an average it is RMSProp."""
        return rmsprop(w, dw, state, lr=lr, rho=0.9, eps=eps)

    @mistake("M38", replaces="adagrad")
    def uphill(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """Step against the gradient: w - lr …, not w + lr …."""
        return adagrad(w, dw, state, lr=-lr, eps=eps)

    @mistake("N701", replaces="adagrad")
    def root_forgotten(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """Divide by the root of the sum of squares."""
        _, s = adagrad(w, dw, state, lr=lr, eps=eps)
        return w - lr * dw / (s + eps), s

    @mistake("N1200", replaces="adagrad")
    def gradients_summed(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """Add up the squares of the gradients: absolute values have another root."""
        s = (0 * w if state is None else state) + np.abs(dw)
        return w - lr * dw / (np.sqrt(s) + eps), s

    @mistake("N1200", replaces="adagrad")
    def one_sum_for_all_entries(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """Every entry has its own sum of squares, not one norm for all of them."""
        s = (0 * w if state is None else state) + (dw * dw).sum() * np.ones_like(w)
        return w - lr * dw / (np.sqrt(s) + eps), s

    @mistake("N1201", replaces="adagrad")
    def divided_by_the_squares_before(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """Add the new square first and divide then: the first step would divide by eps alone."""
        s = 0 * w if state is None else state
        return w - lr * dw / (np.sqrt(s) + eps), s + dw * dw

    @mistake("N702", replaces="adagrad")
    def eps_fixed(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """Use the eps that is given."""
        return adagrad(w, dw, state, lr=lr)

    @mistake("M45", replaces="adagrad")
    def squares_added_in_place(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """Make a new sum: s += dw * dw changes the caller's state."""
        new, s = adagrad(w, dw, state, lr=lr, eps=eps)
        if state is not None:
            state[...] = s
        return new, s

    @mistake("M45", replaces="adagrad")
    def w_updated_in_place(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """Return a new w: the rule is pure, the caller's w must not move."""
        new, s = adagrad(w, dw, state, lr=lr, eps=eps)
        w[...] = new
        return w, s
