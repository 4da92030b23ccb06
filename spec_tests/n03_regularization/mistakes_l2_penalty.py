"""Classic mistakes of the L2 penalty."""

import numpy as np

from nnspec.reference import l2_penalty
from nnspec.spec_tests._known import mistake


class MistakesOfL2Penalty:
    @mistake("M15", replaces="l2_penalty")
    def gradient_of_the_half(w, lam, *, half=False):
        """The gradient of lam sum w^2 is 2 lam w: the 2 belongs to the form without the half."""
        return l2_penalty(w, lam, half=half)[0], l2_penalty(w, lam, half=True)[1]

    @mistake("M15", replaces="l2_penalty")
    def gradient_doubled(w, lam, *, half=False):
        """The gradient of lam/2 sum w^2 is lam w: the half has cancelled the 2."""
        return l2_penalty(w, lam, half=half)[0], l2_penalty(w, lam)[1]

    @mistake("M15", replaces="l2_penalty")
    def half_ignored(w, lam, *, half=False):
        """With half=True it is lam/2 sum w^2 and lam w: without it, twice as much."""
        return l2_penalty(w, lam)

    @mistake("N60", replaces="l2_penalty")
    def norm_not_squared(w, lam, *, half=False):
        """The penalty is the squared norm: no root of the sum."""
        r, dw = l2_penalty(w, lam, half=half)
        norm = np.sqrt((w * w).sum())
        return lam * norm, lam * w / norm if norm > 0 else dw

    @mistake("N61", replaces="l2_penalty")
    def mean_of_the_squares(w, lam, *, half=False):
        """Add the squares up: their mean makes the penalty depend on the size of the layer."""
        r, dw = l2_penalty(w, lam, half=half)
        return r / max(w.size, 1), dw / max(w.size, 1)

    @mistake("N718", replaces="l2_penalty")
    def one_square_after_the_other(w, lam, *, half=False):
        """Add up in pairs, in blocks or in float64: one float32 sum of 80000 squares loses four digits."""
        _, dw = l2_penalty(w, lam, half=half)
        running = np.cumsum(w * w, dtype=w.dtype)
        return (lam / 2 if half else lam) * running[-1] if w.size else w.dtype.type(0), dw

    @mistake("M118", replaces="l2_penalty")
    def sizes_for_squares(w, lam, *, half=False):
        """Squares, not sizes: lam sum |w| is the L1 penalty."""
        lam = lam / 2 if half else lam
        return lam * abs(w).sum(), lam * np.sign(w)

    @mistake("N719", replaces="l2_penalty")
    def gradient_without_lam(w, lam, *, half=False):
        """The gradient grows with lam as well."""
        return l2_penalty(w, lam, half=half)[0], l2_penalty(w, 1.0, half=half)[1]

    @mistake("N720", replaces="l2_penalty")
    def weights_scaled_in_place(w, lam, *, half=False):
        """Scale a copy: w *= 2 lam changes the weights themselves."""
        r, dw = l2_penalty(w, lam, half=half)
        w[...] = dw
        return r, w

    @mistake("N62", replaces="l2_penalty")
    def one_penalty_a_row(w, lam, *, half=False):
        """Add up all entries, not each row by itself: r is one number."""
        _, dw = l2_penalty(w, lam, half=half)
        return lam * (w * w).sum(axis=-1) / (2 if half else 1), dw
