"""L1 penalty and elastic net: definitions, laws and cases. Classic mistakes: mistakes_elastic_net.py."""

import numpy as np

from nnspec.reference import elastic_net
from nnspec.spec_tests._kinds import Case, Malformed, Penalty, variant
from nnspec.spec_tests._truth import absolute

ZEROS = {"w": [[0, -0.0, 2], [-1, 0, 0.5]]}
LARGE_AND_SMALL = {"w": [[1e15, -1e15, 1e-15], [-1e-15, 1, -3]]}
TINY = {"w": [[1e-15, -2e-15, 3e-15], [-1e-16, 3e-17, 1e-17]]}


class TestElasticNet(Penalty):
    rows = ("03.03",)
    options = {"lam1": 0.75, "lam2": 0.25}

    def definition(self, w, *, lam1, lam2):
        """r = lam1 sum |w| + lam2 sum w^2. Zou and Hastie 2005, eq. 3."""
        return lam1 * absolute(w).sum() + lam2 * (w**2).sum()

    def law_signs_do_not_matter(self, run, problem):
        """r(-w) = r(w), and dw turns round."""
        turned, here = run(w=-problem.inputs["w"]), run()
        return np.append(-turned["dw"], turned["r"]), np.append(here["dw"], here["r"])

    def law_a_quadratic_in_the_scale(self, run, problem):
        """r(2 w) - 2 r(w) = 2 lam2 sum w^2: what the L1 part adds is linear."""
        w = problem.inputs["w"]
        return run(w=2 * w)["r"] - 2 * run()["r"], 2 * 0.25 * (w * w).sum()

    cases = (
        Case("lasso", lam1=0.75, lam2=0.0),
        Case("ridge", lam1=0.0, lam2=0.25),
        Case("no penalty", lam1=0.0, lam2=0.0),
        Case("more of the squares", lam1=2.0**-10, lam2=2.5),
    )
    beyond = (Case("an image", {"shape": (2, 1, 3, 2)}), Case("a row", {"shape": (4,)}))
    extremes = (
        Case("large and small weights", inputs=LARGE_AND_SMALL),
        Case("tiny weights", inputs=TINY),
    )
    ties = (Case("zeros", inputs=ZEROS), Case("empty", {"shape": (0, 3)}))
    bad = (
        Malformed("lam1 a string", "lam1", lambda _: "much"),
        Malformed("lam2 an array", "lam2", lambda lam: np.full(3, lam)),
    )

    @variant("half of the squares", source="Friedman et al. 2010, eq. 3 (glmnet); scikit-learn", replaces="elastic_net")
    def half_of_the_squares(w, *, lam1, lam2):
        """r = lam1 sum |w| + lam2/2 sum w^2."""
        return elastic_net(w, lam1=lam1, lam2=lam2 / 2)


class TestL1Penalty(Penalty):
    rows = ("03.02",)

    def definition(self, w, *, lam):
        """r = lam sum |w|. Tibshirani 1996, section 2; CS231n notes "Neural networks", part 2."""
        return lam * absolute(w).sum()

    def law_doubling_w_doubles_r(self, run, problem):
        """r(2 w) = 2 r(w), and dw stays."""
        twice, once = run(w=2 * problem.inputs["w"]), run()
        return np.append(twice["dw"], twice["r"]), np.append(once["dw"], 2 * once["r"])

    def law_r_is_w_times_its_gradient(self, run, problem):
        """sum w dw = r: Euler's theorem for what is homogeneous of degree 1."""
        here = run()
        return (problem.inputs["w"] * here["dw"]).sum(), here["r"]

    cases = (Case("lambda 0", inputs={"lam": 0.0}), Case("a small lambda", inputs={"lam": 2.0**-20}))
    beyond = TestElasticNet.beyond
    extremes = TestElasticNet.extremes
    ties = TestElasticNet.ties
    bad = (
        Malformed("lam a string", "lam", lambda _: "much"),
        Malformed("lam an array", "lam", lambda lam: np.full(3, lam)),
    )
