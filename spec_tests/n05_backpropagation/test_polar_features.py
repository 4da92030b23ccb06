"""Polar features: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import polar_features
from nnspec.spec_tests._kinds import Case, Function, mistake
from nnspec.spec_tests._truth import sqrt


class TestPolarFeatures(Function):
    rows = ("05.24",)

    def definition(self, x):
        """r = sqrt(x_1^2 + x_2^2), theta = atan2(x_2, x_1) in (-pi, pi]. CS231n lecture 3."""
        import sympy as sp

        theta = np.frompyfunc(sp.atan2, 2, 1)(x[:, 1], x[:, 0])
        return np.stack([sqrt(x[:, 0] ** 2 + x[:, 1] ** 2), theta], axis=1)

    def law_back_to_the_plane(self, run, problem):
        """x_1 = r cos theta and x_2 = r sin theta."""
        r, theta = run()["out"].T
        return np.stack([r * np.cos(theta), r * np.sin(theta)], axis=1), problem.inputs["x"]

    def law_a_quarter_turn(self, run, problem):
        """It leaves r as it is, and adds pi / 2 to theta, or takes 3 pi / 2 away where that goes beyond pi."""
        x = problem.inputs["x"]
        here, there = (run(x=points)["out"] for points in (x, np.stack([-x[:, 1], x[:, 0]], axis=1)))
        turned = here[:, 1] + np.pi / 2
        return there, np.stack([here[:, 0], np.where(turned > np.pi, turned - 2 * np.pi, turned)], axis=1)

    def law_twice_as_far(self, run, problem):
        """Of 2 x the radius is twice as large, and the angle the same."""
        here, there = run()["out"], run(x=2 * problem.inputs["x"])["out"]
        return there, here * [2, 1]

    cases = (
        Case("all quadrants", inputs={"x": [[3.0, 4.0], [-3.0, 4.0], [-3.0, -4.0], [3.0, -4.0]]}, N=4),
        Case("beside the cut", inputs={"x": [[-1.0, 2.0**-10], [-1.0, -(2.0**-10)]]}, N=2),
    )
    extremes = (
        Case("large", inputs={"x": [[1e30, 2e30], [-3e30, 1.0]]}, N=2),
        Case("small", inputs={"x": [[1e-30, 2e-30], [-3e-30, 1e-34]]}, N=2),
    )
    ties = (
        Case("on the axes", inputs={"x": [[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]]}, N=4),
        Case("the origin", inputs={"x": [[0.0, 0.0], [1.0, 1.0]]}, N=2),
        Case("no points", N=0),
    )

    @mistake("N1672", replaces="polar_features")
    def arc_tangent_of_the_quotient(x):
        """atan(x_2 / x_1) knows two quadrants only: take atan2, which sees both signs."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.stack([np.hypot(*x.T), np.arctan(x[:, 1] / x[:, 0])], axis=1)

    @mistake("N1672", replaces="polar_features")
    def arguments_exchanged(x):
        """atan2 takes x_2 first: the other way round the angle is counted from the second axis."""
        return polar_features(x[:, ::-1])

    @mistake("N1672", replaces="polar_features")
    def angle_from_zero(x):
        """theta is above -pi and at most pi, not from 0 to 2 pi: the cut lies along the negative first axis."""
        out = polar_features(x)
        return np.stack([out[:, 0], out[:, 1] % x.dtype.type(2 * np.pi)], axis=1)

    @mistake("N1672", replaces="polar_features")
    def angle_in_degrees(x):
        """The angle is in radians."""
        return polar_features(x) * x.dtype.type([1, 180 / np.pi])

    @mistake("N1672", replaces="polar_features")
    def squared_radius(x):
        """The radius is the root of the sum of squares."""
        return polar_features(x) ** np.array([2, 1], x.dtype)

    @mistake("N1672", replaces="polar_features")
    def sum_of_sizes(x):
        """The radius is the Euclidean distance from the origin, not |x_1| + |x_2|."""
        return np.stack([abs(x).sum(axis=1), polar_features(x)[:, 1]], axis=1)

    @mistake("N1672", replaces="polar_features")
    def squares_that_overflow(x):
        """The squares of large numbers are infinite where their root is not: hypot scales first."""
        with np.errstate(over="ignore", under="ignore"):
            return np.stack([np.sqrt((x * x).sum(axis=1)), polar_features(x)[:, 1]], axis=1)

    @mistake("N1672", replaces="polar_features")
    def angle_first(x):
        """The radius comes first."""
        return polar_features(x)[:, ::-1].copy()
