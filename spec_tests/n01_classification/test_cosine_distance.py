"""Cosine distance: definition, laws and cases. Classic mistakes: mistakes_cosine_distance.py."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Function, Malformed
from nnspec.spec_tests._truth import named, sqrt, where_positive
from nnspec.spec_tests._verdict import require
from nnspec.spec_tests.n01_classification._distances import IMAGES

_SAME = 0.3 + np.random.default_rng(5).random((24, 5))
ANGLES = {"xq": [[1.5, 2.0]], "xt": [[6.0, 8.0], [-4.0, 3.0], [-0.75, -1.0]]}
PARALLEL = {"xq": _SAME, "xt": 7 * _SAME}
ZERO = {"xq": [[0.0, 0.0], [0.5, -2.0]], "xt": [[3.5, 1.0], [0.0, 0.0], [0.0, 2.0]]}
LOWEST = {"xq": np.array([[-128, 0, 0], [-128, 127, 3]], np.int8), "xt": np.array([[-128, 1, 5], [9, 0, 7]], np.int8)}
HUGE = {"xq": [[3e30, -4e30, 0.0], [1e-25, 2e-25, 2e-25]], "xt": [[1.0, 2.0, 2.0], [-2e35, 1e35, 3e34]]}


class TestCosineDistance(Function):
    rows = ("01.04",)
    outputs = ("d",)

    def definition(self, xq, xt):
        """d_ij = 1 - xq_i·xt_j / (|xq_i| |xt_j|), and 1 where one of them is 0."""
        squares_q, squares_t = (named((x * x).sum(axis=1)) for x in (xq, xt))
        length_q, length_t = (where_positive(squares, sqrt(squares)) for squares in (squares_q, squares_t))
        lengths = named(length_q[:, None] * length_t)
        return 1 - where_positive(lengths, xq.dot(xt.T) / lengths)

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """The cosine rounds at the size of 1, which does not show where the reference clips."""
        found = super().budgets(problem, want, lenient, at_tie)
        half_ulp = np.finfo(problem.dtype).eps / 2
        return found | {"d": replace(found["d"], rounding=found["d"].rounding + half_ulp)}

    def law_lengths_do_not_count(self, run, problem):
        """Points that are twice and four times as far from 0 have the same distance."""
        xq, xt = problem.inputs["xq"], problem.inputs["xt"]
        return run(xq=2 * xq, xt=4 * xt)["d"], run()["d"]

    def law_opposite_direction(self, run, problem):
        """The distances of a point and of its opposite add up to 2."""
        return run()["d"] + run(xq=-problem.inputs["xq"])["d"], 2 + 0 * run()["d"]

    def law_symmetric(self, run, problem):
        """The distance from a to b is that from b to a."""
        xq, xt = problem.inputs["xq"], problem.inputs["xt"]
        return run(xq=xt, xt=xq)["d"].T, run()["d"]

    def law_gradient_turns_only(self, run, problem):
        """The gradient stands at a right angle on the point: its length does not count."""
        along = (run()["dxq"] * problem.inputs["xq"]).sum(axis=1)
        return 1 + along, 1 + 0 * along

    cases = (
        Case("same, right angle, opposite", Nq=1, Nt=3, D=2, inputs=ANGLES),
        Case("of different lengths", inputs={"xt": lambda rng, shape: 50 * rng.standard_normal(shape)}),
    )
    beyond = (
        Case("uint8 images", Nq=2, D=3, Nt=2, inputs=IMAGES, value_only=True),
        Case("the lowest int8", Nq=2, D=3, Nt=2, inputs=LOWEST, value_only=True),
    )
    extremes = (
        Case("squares overflow", Nq=2, Nt=2, D=3, inputs=HUGE),
        Case("the same directions", inputs=PARALLEL),
        Case("opposite directions", inputs=PARALLEL | {"xt": -3 * _SAME}),
    )
    ties = (
        Case("zero vectors", Nq=2, Nt=3, D=2, inputs=ZERO),
        Case("no queries", Nq=0),
        Case("no training points", Nt=0),
        Case("no features", D=0),
    )
    bad = (Malformed("other features", "xt", lambda xt: xt[:, 1:]), Malformed("a single query", "xq", lambda xq: xq[0]))

    def test_stability(self, planned, backend):
        """Extreme but finite input: within its own rounding, and never below 0 or above 2."""
        super().test_stability(planned, backend)
        d = np.asarray(self.answer(backend, self.problem(planned, backend))["d"])
        require(
            ((d >= 0) & (d <= 2)).all(), f"d lies between {d.min():.2g} and {d.max():.2g}, and not in 0 … 2: clip it"
        )

    def cases_of_scale(self):
        return [Case("257 x 33", Nq=257, Nt=33, D=33), Case("4 x 20000", Nq=4, Nt=20000, D=4)]
