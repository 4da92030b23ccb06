"""Classic mistakes of AdaDelta."""

import numpy as np

from nnspec.reference import adadelta, rmsprop
from nnspec.spec_tests._known import mistake


def begun(w, state):
    return (0 * w, 0 * w) if state is None else state


class MistakesOfAdadelta:
    @mistake("M43", replaces="adadelta")
    def eps_outside_the_roots(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """eps stands inside both roots: sqrt(d + eps) / sqrt(s + eps), unlike in the other rules."""
        s, d = begun(w, state)
        s = rho * s + (1 - rho) * dw * dw
        u = (np.sqrt(d) + eps) / (np.sqrt(s) + eps) * dw
        return w - lr * u, (s, rho * d + (1 - rho) * u * u)

    @mistake("M43", replaces="adadelta")
    def eps_missing_above(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """Without eps in the numerator the first step is 0, and so is every other."""
        s, d = begun(w, state)
        s = rho * s + (1 - rho) * dw * dw
        u = np.sqrt(d) / np.sqrt(s + eps) * dw
        return w - lr * u, (s, rho * d + (1 - rho) * u * u)

    @mistake("N1203", replaces="adadelta")
    def updates_averaged_before_they_are_used(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """d is made of earlier steps alone: use it first and update it then."""
        _, (s, d) = adadelta(w, dw, state, lr=lr, rho=rho, eps=eps)
        return w - lr * np.sqrt(d + eps) / np.sqrt(s + eps) * dw, (s, d)

    @mistake("N1203", replaces="adadelta")
    def gradients_in_place_of_updates(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """d averages the squares of the steps u, not those of the gradients."""
        s, d = begun(w, state)
        new, (s, _) = adadelta(w, dw, (s, d), lr=lr, rho=rho, eps=eps)
        return new, (s, rho * d + (1 - rho) * dw * dw)

    @mistake("N1203", replaces="adadelta")
    def lr_in_the_averaged_updates(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """d averages u^2 before lr is multiplied: otherwise lr comes back squared."""
        s, d = begun(w, state)
        new, (s, _) = adadelta(w, dw, (s, d), lr=lr, rho=rho, eps=eps)
        return new, (s, rho * d + (1 - rho) * (new - w) ** 2)

    @mistake("N1203", replaces="adadelta")
    def ratio_upside_down(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """The root of the steps is above and that of the gradients below: u = sqrt(d + eps) / sqrt(s + eps) dw."""
        s, d = begun(w, state)
        s = rho * s + (1 - rho) * dw * dw
        u = np.sqrt(s + eps) / np.sqrt(d + eps) * dw
        return w - lr * u, (s, rho * d + (1 - rho) * u * u)

    @mistake("M44", replaces="adadelta")
    def rho_and_one_minus_rho_swapped(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """rho stays with the old average and 1 - rho goes to what is new."""
        s, d = begun(w, state)
        s = (1 - rho) * s + rho * dw * dw
        u = np.sqrt(d + eps) / np.sqrt(s + eps) * dw
        return w - lr * u, (s, (1 - rho) * d + rho * u * u)

    @mistake("N1203", replaces="adadelta")
    def no_average_of_updates(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """The numerator is the root mean square of the earlier steps: without it this is RMSProp."""
        s = None if state is None else state[0]
        new, s = rmsprop(w, dw, s, lr=lr, rho=rho, eps=eps)
        return new, (s, 0 * s)

    @mistake("N703", replaces="adadelta")
    def lr_ignored(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """Multiply u by the lr that is given; 1 is only its default."""
        return adadelta(w, dw, state, rho=rho, eps=eps)

    @mistake("N703", replaces="adadelta")
    def rho_fixed(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """Use the rho that is given; 0.9 is only its default."""
        return adadelta(w, dw, state, lr=lr, eps=eps)

    @mistake("N702", replaces="adadelta")
    def eps_fixed(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """Use the eps that is given."""
        return adadelta(w, dw, state, lr=lr, rho=rho)

    @mistake("M38", replaces="adadelta")
    def uphill(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """Step against the gradient: w - lr u, not w + lr u."""
        return adadelta(w, dw, state, lr=-lr, rho=rho, eps=eps)

    @mistake("M45", replaces="adadelta")
    def averages_changed_in_place(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """Make new averages: those in the caller's state must not move."""
        new, averages = adadelta(w, dw, state, lr=lr, rho=rho, eps=eps)
        for kept, average in zip(begun(w, state), averages, strict=True):
            kept[...] = average
        return new, averages

    @mistake("M45", replaces="adadelta")
    def w_updated_in_place(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
        """Return a new w: the rule is pure, the caller's w must not move."""
        new, averages = adadelta(w, dw, state, lr=lr, rho=rho, eps=eps)
        w[...] = new
        return w, averages
