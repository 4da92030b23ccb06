"""Classic mistakes of the L1 penalty and the elastic net."""

import numpy as np

from nnspec.reference import elastic_net, l1_penalty, l2_penalty
from nnspec.spec_tests._known import mistake


class MistakesOfL1Penalty:
    @mistake("M118", replaces="l1_penalty", convention=True)
    def sign_of_0_is_1(w, lam):
        """A weight of 0 has no gradient: np.where(w >= 0, 1, -1) pushes it away, and back in the next step."""
        return l1_penalty(w, lam)[0], lam * np.where(w >= 0, w.dtype.type(1), w.dtype.type(-1))

    @mistake("M118", replaces="l1_penalty")
    def no_gradient(w, lam):
        """|w| has the slope sign(w) everywhere but at 0."""
        return l1_penalty(w, lam)[0], 0 * w

    @mistake("M118", replaces="l1_penalty")
    def weight_for_its_sign(w, lam):
        """The slope is lam sign(w), whatever the size of w: lam w is that of the L2 penalty."""
        return l1_penalty(w, lam)[0], lam * w

    @mistake("N1130", replaces="l1_penalty")
    def sizes_forgotten(w, lam):
        """Take the size of each weight: else those above and below 0 cancel."""
        return lam * w.sum(), l1_penalty(w, lam)[1]

    @mistake("N1130", replaces="l1_penalty")
    def size_of_the_sum(w, lam):
        """Take the size of each weight, and then add up."""
        return lam * abs(w.sum()), l1_penalty(w, lam)[1]

    @mistake("N1131", replaces="l1_penalty")
    def squares_for_sizes(w, lam):
        """Sizes, not squares: those are the L2 penalty."""
        return l2_penalty(w, lam)

    @mistake("N1131", replaces="l1_penalty")
    def with_a_half(w, lam):
        """There is no half in front of |w|: it would cancel nothing."""
        r, dw = l1_penalty(w, lam)
        return r / 2, dw / 2

    @mistake("N61", replaces="l1_penalty")
    def mean_of_the_sizes(w, lam):
        """Add the sizes up: their mean makes the penalty depend on the size of the layer."""
        r, dw = l1_penalty(w, lam)
        return r / max(w.size, 1), dw / max(w.size, 1)

    @mistake("N62", replaces="l1_penalty")
    def largest_column_sum(w, lam):
        """Add up all entries: np.linalg.norm(w, 1) of a matrix is the largest sum of a column."""
        sums = abs(w.reshape(len(w), -1)).sum(axis=0) if w.ndim else abs(w)
        return lam * np.max(sums, initial=0), l1_penalty(w, lam)[1]

    @mistake("N719", replaces="l1_penalty")
    def gradient_without_lam(w, lam):
        """The gradient grows with lam as well."""
        return l1_penalty(w, lam)[0], np.sign(w)

    @mistake("N718", replaces="l1_penalty")
    def one_size_after_the_other(w, lam):
        """Add up in pairs, in blocks or in float64: one float32 sum of 80000 sizes loses four digits."""
        running = np.cumsum(abs(w), dtype=w.dtype)
        return lam * running[-1] if w.size else w.dtype.type(0), l1_penalty(w, lam)[1]


class MistakesOfElasticNet:
    @mistake("M15", replaces="elastic_net")
    def gradient_of_the_half(w, *, lam1, lam2):
        """The gradient of lam2 sum w^2 is 2 lam2 w."""
        return elastic_net(w, lam1=lam1, lam2=lam2)[0], elastic_net(w, lam1=lam1, lam2=lam2 / 2)[1]

    @mistake("M15", replaces="elastic_net")
    def gradient_doubled(w, *, lam1, lam2):
        """The gradient of lam2/2 sum w^2 would be lam2 w: value and gradient have the same form."""
        return elastic_net(w, lam1=lam1, lam2=lam2 / 2)[0], elastic_net(w, lam1=lam1, lam2=lam2)[1]

    @mistake("M118", replaces="elastic_net", convention=True)
    def sign_of_0_is_1(w, *, lam1, lam2):
        """A weight of 0 has no gradient: np.where(w >= 0, 1, -1) pushes it away, and back in the next step."""
        r, dw = elastic_net(w, lam1=lam1, lam2=lam2)
        return r, np.where(w == 0, w.dtype.type(lam1), dw)

    @mistake("N1132", replaces="elastic_net")
    def strengths_exchanged(w, *, lam1, lam2):
        """lam1 belongs to the sizes, and lam2 to the squares."""
        return elastic_net(w, lam1=lam2, lam2=lam1)

    @mistake("N1132", replaces="elastic_net")
    def one_strength_for_both(w, *, lam1, lam2):
        """Each part has a strength of its own."""
        return elastic_net(w, lam1=lam1, lam2=lam1)

    @mistake("N1133", replaces="elastic_net")
    def square_of_the_sum_of_sizes(w, *, lam1, lam2):
        """Square each weight, and then add up."""
        r, dw = elastic_net(w, lam1=lam1, lam2=0.0)
        return r + lam2 * abs(w).sum() ** 2, elastic_net(w, lam1=lam1, lam2=lam2)[1]

    @mistake("N60", replaces="elastic_net")
    def norm_not_squared(w, *, lam1, lam2):
        """The second part is the squared norm: no root of the sum."""
        r, _ = elastic_net(w, lam1=lam1, lam2=0.0)
        return r + lam2 * np.sqrt((w * w).sum()), elastic_net(w, lam1=lam1, lam2=lam2)[1]

    @mistake("N1133", replaces="elastic_net")
    def only_the_sizes_in_the_gradient(w, *, lam1, lam2):
        """Both parts have a gradient."""
        return elastic_net(w, lam1=lam1, lam2=lam2)[0], lam1 * np.sign(w)
