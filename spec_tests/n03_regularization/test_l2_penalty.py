"""L2 penalty: definition, laws and cases. Classic mistakes: mistakes_l2_penalty.py."""

import numpy as np

from nnspec.reference import l2_penalty
from nnspec.spec_tests._kinds import Case, Malformed, Penalty, variant


class TestL2Penalty(Penalty):
    rows = ("03.01",)

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

    cases = (
        Case("half", half=True),
        Case("lambda 0", inputs={"lam": 0.0}),
        Case("lambda 0, half", half=True, inputs={"lam": 0.0}),
        Case("a small lambda", inputs={"lam": 2.0**-20}),
    )
    beyond = (Case("an image", {"shape": (2, 1, 3, 2)}), Case("an image, half", {"shape": (2, 1, 3, 2)}, half=True))
    extremes = (
        Case("large and small weights", inputs={"w": [[1e15, -1e15, 1e-15], [-1e-15, 1.0, -3.0]]}),
        Case("tiny weights", inputs={"w": [[1e-15, -2e-15, 3e-15], [-1e-16, 0.0, 1e-17]]}),
    )
    ties = (Case("empty", {"shape": (0, 3)}), Case("empty, half", {"shape": (0, 3)}, half=True))
    bad = (
        Malformed("lam a string", "lam", lambda _: "much"),
        Malformed("lam an array", "lam", lambda lam: np.full(3, lam)),
    )

    @variant("half by default", source="CS231n, assignment 2, fc_net.py; Bishop 2006, eq. 3.27", replaces="l2_penalty")
    def half_by_default(w, lam, *, half=True):
        """r = lam/2 sum w^2 and dw = lam w, unless the other form is asked for."""
        return l2_penalty(w, lam, half=half)
