"""L2 penalty: definition, cases, laws and classic mistakes."""

import numpy as np

from nnspec.reference import l2_penalty
from nnspec.spec_tests._kinds import Case, Malformed, Penalty, mistake, variant

HALF = {"half": True}


class TestL2Penalty(Penalty):
    rows = ("03.01",)

    cases = (
        Case("half", options=HALF),
        Case("lambda 0", inputs={"lam": 0.0}),
        Case("lambda 0, half", options=HALF, inputs={"lam": 0.0}),
        Case("a small lambda", inputs={"lam": 2.0**-20}),
    )
    beyond = (Case("an image", {"shape": (2, 1, 3, 2)}), Case("an image, half", {"shape": (2, 1, 3, 2)}, HALF))
    extremes = (
        Case("large and small weights", inputs={"w": [[1e15, -1e15, 1e-15], [-1e-15, 1.0, -3.0]]}),
        Case("tiny weights", inputs={"w": [[1e-15, -2e-15, 3e-15], [-1e-16, 0.0, 1e-17]]}),
    )
    ties = (Case("empty", {"shape": (0, 3)}), Case("empty, half", {"shape": (0, 3)}, HALF))
    bad = (
        Malformed("lam a string", "lam", lambda _: "much"),
        Malformed("lam an array", "lam", lambda lam: np.full(3, lam)),
    )

    def definition(self, w, *, lam, half=False):
        """r = lam sum w^2, or lam/2 sum w^2 if half. CS231n notes "Linear classification"; assignment 1."""
        return lam * sum(entry**2 for entry in w.ravel()) / (2 if half else 1)

    def law_doubling_w_quadruples_r(self, run, problem):
        """r(2 w) = 4 r(w) and dw(2 w) = 2 dw(w)."""
        once, twice = run(), run(w=2 * problem.inputs["w"])
        return np.append(twice["r"], twice["dw"]), np.append(4 * once["r"], 2 * once["dw"])

    def law_signs_do_not_matter(self, run, problem):
        """r(-w) = r(w)."""
        return run(w=-problem.inputs["w"])["r"], run()["r"]

    @variant("half by default", "r = lam/2 sum w^2 and dw = lam w, unless the other form is asked for.",
             source="CS231n, assignment 2, fc_net.py; Bishop 2006, eq. 3.27", replaces="l2_penalty")  # fmt: skip
    def half_by_default(w, lam, *, half=True):
        return l2_penalty(w, lam, half=half)

    @mistake("M15", "The gradient of lam sum w^2 is 2 lam w: the 2 belongs to the form without the half.",
             replaces="l2_penalty")  # fmt: skip
    def gradient_of_the_half(w, lam, *, half=False):
        return l2_penalty(w, lam, half=half)[0], l2_penalty(w, lam, half=True)[1]

    @mistake("M15", "The gradient of lam/2 sum w^2 is lam w: the half has cancelled the 2.", replaces="l2_penalty")
    def gradient_doubled(w, lam, *, half=False):
        return l2_penalty(w, lam, half=half)[0], l2_penalty(w, lam)[1]

    @mistake("M15", "With half=True it is lam/2 sum w^2 and lam w: without it, twice as much.", replaces="l2_penalty")
    def half_ignored(w, lam, *, half=False):
        return l2_penalty(w, lam)

    @mistake("N60", "The penalty is the squared norm: no root of the sum.", replaces="l2_penalty")
    def norm_not_squared(w, lam, *, half=False):
        r, dw = l2_penalty(w, lam, half=half)
        norm = np.sqrt((w * w).sum())
        return lam * norm, lam * w / norm if norm > 0 else dw

    @mistake("N61", "Add the squares up: their mean makes the penalty depend on the size of the layer.",
             replaces="l2_penalty")  # fmt: skip
    def mean_of_the_squares(w, lam, *, half=False):
        r, dw = l2_penalty(w, lam, half=half)
        return r / max(w.size, 1), dw / max(w.size, 1)

    @mistake("N718", "Add up in pairs, in blocks or in float64: one float32 sum of 80000 squares loses four digits.",
             replaces="l2_penalty")  # fmt: skip
    def one_square_after_the_other(w, lam, *, half=False):
        _, dw = l2_penalty(w, lam, half=half)
        running = np.cumsum(w * w, dtype=w.dtype)
        return (lam / 2 if half else lam) * running[-1] if w.size else w.dtype.type(0), dw

    @mistake("M118", "Squares, not sizes: lam sum |w| is the L1 penalty.", replaces="l2_penalty")
    def sizes_for_squares(w, lam, *, half=False):
        lam = lam / 2 if half else lam
        return lam * abs(w).sum(), lam * np.sign(w)

    @mistake("N719", "The gradient grows with lam as well.", replaces="l2_penalty")
    def gradient_without_lam(w, lam, *, half=False):
        return l2_penalty(w, lam, half=half)[0], l2_penalty(w, 1.0, half=half)[1]

    @mistake("N720", "Scale a copy: w *= 2 lam changes the weights themselves.", replaces="l2_penalty")
    def weights_scaled_in_place(w, lam, *, half=False):
        r, dw = l2_penalty(w, lam, half=half)
        w[...] = dw
        return r, w

    @mistake("N62", "Add up all entries, not each row by itself: r is one number.", replaces="l2_penalty")
    def one_penalty_a_row(w, lam, *, half=False):
        _, dw = l2_penalty(w, lam, half=half)
        return lam * (w * w).sum(axis=-1) / (2 if half else 1), dw
