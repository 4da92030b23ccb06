"""Max-norm constraint: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import max_norm_project
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake
from nnspec.spec_tests._truth import sqrt, where_positive

INSIDE_AND_OUTSIDE = [[3, 0.25, 0, -1], [4, 0.5, 0, 2], [0, -0.25, 0, 2]]  # norms 5, 0.6, 0 and 3


class TestMaxNormProject(Function):
    rows = ("03.04",)

    def definition(self, w, *, c, axis=0):
        """out_m = w_m min(1, c / |w_m|). CS231n notes "Neural networks", part 2, max norm constraints."""
        norm = sqrt((w * w).sum(axis=int(axis), keepdims=True))
        return w * where_positive(norm - c, c / norm, 1)

    def law_once_is_enough(self, run, problem):
        """A projection: what has been projected stays."""
        once = run()["out"]
        return run(w=once)["out"], once

    def law_no_norm_is_above_c(self, run, problem):
        """Every unit's norm is at most c."""
        norms = np.sqrt((run(c=0.5)["out"] ** 2).sum(axis=0))
        return np.maximum(norms, 0.5), np.full_like(norms, 0.5)

    def law_directions_stay(self, run, problem):
        """Far outside only the direction counts: 4 w and 8 w end at the same place."""
        w = problem.inputs["w"]
        return run(w=8 * w, c=0.125)["out"], run(w=4 * w, c=0.125)["out"]

    def law_large_c_changes_nothing(self, run, problem):
        """Within the ball w stays as it is."""
        return run(c=1e6)["out"], problem.inputs["w"]

    cases = (
        Case("within and outside", D=3, M=4, inputs={"w": INSIDE_AND_OUTSIDE, "c": 2.0}),
        Case("rows", axis=1),
        Case("rows within and outside", D=3, M=4, axis=1, inputs={"w": INSIDE_AND_OUTSIDE, "c": 4.0}),
        Case("square, rows", D=3, M=3, axis=1, inputs={"c": 1.0}),
        Case("square, columns", D=3, M=3, inputs={"c": 1.0}),
    )
    extremes = (
        Case("huge", inputs={"w": [[1e30, -1e25, 1], [1e30, 3e30, -1]], "c": 3.0}),
        Case("tiny", inputs={"w": [[1e-30, -1e-25, 1], [1e-30, 3e-30, -1]], "c": 1e-29}),
        Case("within, bit for bit", inputs={"w": [[0.1, -0.2, 0.3], [1e-30, 0.7, -1e-20]], "c": 0.8}),
    )
    ties = (
        Case("on the sphere", inputs={"w": [[3, 0, 0.6], [4, 5, 0.8]], "c": 5.0}),
        Case("no inputs", D=0),
        Case("no units", M=0),
    )
    bad = (
        Malformed("a radius of 0", "c", lambda _: 0.0),
        Malformed("a negative radius", "c", lambda _: -1.0),
        Malformed("a radius of NaN", "c", lambda _: float("nan")),
        Malformed("axis 2", "axis", lambda _: 2),
    )

    @mistake("M119", replaces="max_norm_project")
    def rows_for_columns(w, c, *, axis=0):
        """The incoming weights of a unit are a column of w (D, M): axis 0."""
        return max_norm_project(w, c, axis=1 - axis)

    @mistake("M119", replaces="max_norm_project")
    def norm_of_the_whole_matrix(w, c, *, axis=0):
        """Each unit has a norm of its own."""
        return w * (c / np.maximum(np.linalg.norm(w), c)).astype(w.dtype)

    @mistake("M119", replaces="max_norm_project")
    def entries_clipped(w, c, *, axis=0):
        """The norm of a unit is bounded, not each weight: clipping turns its direction."""
        return np.clip(w, -c, c)

    @mistake("N1134", replaces="max_norm_project")
    def everything_on_the_sphere(w, c, *, axis=0):
        """Only what is outside is scaled: what lies within stays as it is."""
        norm = np.sqrt((w * w).sum(axis=axis, keepdims=True))
        return w * (c / np.where(norm > 0, norm, 1))

    @mistake("N1134", replaces="max_norm_project")
    def scaled_to_norm_1(w, c, *, axis=0):
        """What is outside is scaled to norm c, not 1."""
        out = max_norm_project(w, c, axis=axis)
        return np.where(out == w, w, out / w.dtype.type(c))

    @mistake("N1134", replaces="max_norm_project")
    def root_forgotten(w, c, *, axis=0):
        """c bounds the norm, not its square."""
        squares = (w * w).sum(axis=axis, keepdims=True)
        return w * (c / np.maximum(squares, c))

    @mistake("N1134", replaces="max_norm_project")
    def norm_by_sizes(w, c, *, axis=0):
        """The norm is the Euclidean one: root of the sum of squares."""
        return w * (c / np.maximum(abs(w).sum(axis=axis, keepdims=True), c))

    @mistake("N1135", replaces="max_norm_project")
    def epsilon_in_the_norm(w, c, *, axis=0):
        """Leave the norm alone: where it is 0 nothing is divided, and 1e-8 moves every unit that is outside."""
        norm = np.sqrt((w * w).sum(axis=axis, keepdims=True))
        return w * np.where(norm > c, c / (norm + w.dtype.type(1e-7)), 1)

    @mistake("N1136", replaces="max_norm_project")
    def squares_that_overflow(w, c, *, axis=0):
        """Divide by the largest entry before squaring: in float32 squares overflow from 2e19 on."""
        with np.errstate(over="ignore"):
            norm = np.sqrt((w * w).sum(axis=axis, keepdims=True))
        return w * (c / np.maximum(norm, c))
