"""Minkowski distance: definition, laws and cases. Classic mistakes: mistakes_minkowski_distance.py."""

import math

import numpy as np
import sympy as sp

from nnspec.reference import l1_distance, l2_distance
from nnspec.spec_tests._kinds import Case, Function, Malformed
from nnspec.spec_tests._truth import absolute, where_positive
from nnspec.spec_tests.n01_classification._distances import COINCIDENT, IMAGES

BEYOND = {"xq": [[0.5, 1.0]], "xt": [[math.inf, 2.0], [math.nan, 2.0], [3.0, math.nan], [1.5, -math.inf]]}
FAR = {"xq": [[3e30, -4e30, 0.5], [1e30, 1.0, 0.0]], "xt": [[1.0, 2.0, 2.0], [-2e30, 1e29, 3e28]]}
NEAR = {"xq": [[3e-30, -4e-30, 0.0]], "xt": [[1e-30, 2e-30, 2e-30], [-2e-30, 1e-31, 3e-30]]}


class TestMinkowskiDistance(Function):
    rows = ("01.04",)
    outputs = ("d",)

    def definition(self, xq, xt, *, p=2):
        """d_ij = (sum_k |xq_ik - xt_jk|^p)^(1/p), and the largest difference where p = inf."""
        if p == math.inf:
            return np.array([[largest(absolute(a - b)) for b in xt] for a in xq], object)
        p = sp.Rational(p)
        return np.array([[sum(absolute(a - b) ** p) ** (1 / p) for b in xt] for a in xq], object)

    def law_one_is_l1(self, run, problem):
        """p = 1 adds up the differences."""
        problem.options = {"p": 1.0}
        return run()["d"], l1_distance(*problem.inputs.values())

    def law_two_is_l2(self, run, problem):
        """p = 2 is the Euclidean distance."""
        problem.options = {"p": 2.0}
        return run()["d"], l2_distance(*problem.inputs.values())

    def law_symmetric(self, run, problem):
        """The distance from a to b is that from b to a."""
        problem.options = {"p": 3.0}
        xq, xt = problem.inputs["xq"], problem.inputs["xt"]
        return run(xq=xt, xt=xq)["d"].T, run()["d"]

    def law_twice_as_far(self, run, problem):
        """Coordinates of twice the size are twice as far apart, whatever p is."""
        problem.options = {"p": 2.5}
        xq, xt = problem.inputs["xq"], problem.inputs["xt"]
        return run(xq=2 * xq, xt=2 * xt)["d"], 2 * run()["d"]

    cases = (
        Case("p 1", p=1.0),
        Case("p 1.5", p=1.5),
        Case("p 3", p=3.0),
        Case("p inf", p=math.inf),
        Case("a whole p", p=4),
        Case("far apart", p=3.0, inputs={"xq": lambda rng, shape: 1e6 * rng.standard_normal(shape)}),
        Case("a single feature", D=1, p=3.0),
    )
    beyond = (
        Case("uint8 images", Nq=2, D=3, Nt=2, inputs=IMAGES),
        Case("uint8 images, p inf", Nq=2, D=3, Nt=2, p=math.inf, inputs=IMAGES),
    )
    extremes = (
        Case("powers overflow", Nq=2, Nt=2, D=3, p=3.0, inputs=FAR),
        Case("powers underflow", Nq=1, Nt=2, D=3, p=3.0, inputs=NEAR),
        Case("a large p", p=300.0),
        Case("a common offset", p=3.0, inputs={n: lambda rng, s: 1e3 + rng.standard_normal(s) for n in ("xq", "xt")}),
    )
    ties = (
        Case("coincident points", Nq=2, Nt=3, D=2, p=3.0, inputs=COINCIDENT),
        Case("coincident points, p inf", Nq=2, Nt=3, D=2, p=math.inf, inputs=COINCIDENT),
        Case("infinity and NaN", Nq=1, Nt=4, D=2, p=3.0, inputs=BEYOND),
        Case("infinity and NaN, p 1.5", Nq=1, Nt=4, D=2, p=1.5, inputs=BEYOND),
        Case("infinity and NaN, p inf", Nq=1, Nt=4, D=2, p=math.inf, inputs=BEYOND),
        Case("no features", D=0, p=3.0),
        Case("no features, p inf", D=0, p=math.inf),
        Case("no queries", Nq=0),
        Case("no training points", Nt=0, p=math.inf),
    )
    bad = (
        Malformed("p below 1", "p", lambda _: 0.5),
        Malformed("p of NaN", "p", lambda _: math.nan),
        Malformed("p below 0", "p", lambda _: -math.inf),
        Malformed("other features", "xt", lambda xt: xt[:, 1:]),
    )

    def cases_of_scale(self):
        return [Case("257 x 33", Nq=257, Nt=33, D=33, p=3.0), Case("4 x 20000", Nq=4, Nt=20000, D=4)]


def largest(sizes):
    found = sp.Integer(0)
    for size in sizes:
        found = found + where_positive(size - found, size - found)
    return found
