"""Complex steps and derivatives by mpmath: their laws, against what sympy derives. Classic mistakes:
mistakes_complex_step.py."""

import mpmath
import numpy as np

from nnspec.spec_tests._kinds import Case, Malformed, Procedure
from nnspec.spec_tests.n04_optimization._slopes import HERE, height, near, slope, steep


class TestComplexStep(Procedure):
    rows = ("04.05",)

    def law_it_is_what_sympy_derives(self, f):
        """But for rounding: to fourteen digits, in every entry."""
        return near([f(height, HERE.copy()), f(steep, HERE.copy())], [slope(height, HERE), slope(steep, HERE)], 1e-14)

    def law_the_step_does_not_matter(self, f):
        """Nothing is subtracted: 1e-10, 1e-30 and 1e-100 give the same."""
        found = [f(height, HERE.copy(), h=h) for h in (1e-10, 1e-30, 1e-100)]
        return near(found, [slope(height, HERE)] * 3, 1e-14)

    def law_a_wide_step_is_off_by_its_square(self, f):
        """Of x^3 the imaginary part of (x + ih)^3 over h is 3x^2 - h^2."""
        found = [f(lambda x: (x**3).sum(), HERE.copy(), h=h) - 3 * HERE**2 for h in (0.5, 0.125)]
        return near(found, [np.full(HERE.shape, -h * h) for h in (0.5, 0.125)], 1e-14)

    def law_where_differences_fail(self, f):
        """exp(x) / sqrt(sin(x)^3 + cos(x)^3) at 1.5, the example of Squire and Trapp, to all digits."""
        taken = f(lambda x: (np.exp(x) / np.sqrt(np.sin(x) ** 3 + np.cos(x) ** 3)).sum(), np.array([1.5]))
        return near(taken, [SQUIRE_AND_TRAPP], 1e-14)

    def law_where_f_is_small(self, f):
        """Of 1e-200 x^2 the slope is 2e-200 x: there is no noise to drown in."""
        return near(1e200 * f(lambda x: 1e-200 * (x * x).sum(), HERE.copy()), 2 * HERE, 1e-14)

    def law_no_axes_and_no_entries(self, f):
        """A 0-d array has one slope, an empty one none."""
        one, none = f(lambda x: (x**3).sum(), np.array(2.0)), f(lambda x: (x**3).sum(), np.zeros((0, 3)))
        return [*near(one, 12.0, 1e-14), np.shape(none)], [12.0, 12.0, (0, 3)]

    def law_x_is_as_it_was(self, f):
        """x stays a real array, bit for bit."""
        x = HERE.copy()
        f(height, x)
        return x, HERE

    def law_elsewhere_the_slope_is_another(self, f):
        """The same function has another slope at another place."""
        return near(
            [f(height, HERE.copy()), f(height, HERE / 2)], [slope(height, HERE), slope(height, HERE / 2)], 1e-14
        )

    bad = (
        Malformed("f with abs", "f", lambda _: lambda x: abs(x).sum(), case=Case("", inputs={"f": height, "x": HERE})),
        Malformed("f that gives an array", "f", lambda _: np.exp, case=Case("", inputs={"f": height, "x": HERE})),
        Malformed("x of integers", "x", lambda x: x.astype(int), case=Case("", inputs={"f": height, "x": HERE})),
        Malformed("h of 0", "h", case=Case("", h=0.0, inputs={"f": height, "x": HERE})),
    )


class TestMpDerivative(Procedure):
    rows = ("04.05",)

    def law_it_is_what_sympy_derives(self, f):
        """To the last digit or so of float64, in every entry."""
        return near(
            [f(high, HERE.copy()), f(very_steep, HERE.copy())], [slope(height, HERE), slope(steep, HERE)], 4e-16
        )

    def law_digits_to_spare(self, f):
        """(1 - cos x) / x^2 is 1/2 - x^2 / 24 + …: at 1e-8, where cos x is 1 in float64, its slope is -x / 12."""
        taken = f(lambda x: (1 - mpmath.cos(x[0])) / x[0] ** 2, np.array([1e-8]))
        return near(1e8 * taken, [-1 / 12], 1e-15)

    def law_near_a_pole(self, f):
        """The slope of log x is 1/x, also at 1e-20: the step is far smaller than x."""
        return near(1e-20 * f(lambda x: mpmath.log(x[0]), np.array([1e-20])), [1.0], 1e-15)

    def law_more_digits_for_more_cancellation(self, f):
        """x + 1e30 - 1e30 has the slope 1, with fifty digits and with a hundred; with 1e80 it takes a hundred."""

        def with_large(exponent):
            return lambda x: x[0] + mpmath.mpf(10) ** exponent - mpmath.mpf(10) ** exponent

        found = [f(with_large(e), np.ones(1), dps=dps) for e, dps in ((30, 50), (30, 100), (80, 100))]
        return near(found, np.ones((3, 1)), 1e-15)

    def law_x_is_as_it_was(self, f):
        """x stays an array of floats, bit for bit."""
        x = HERE.copy()
        f(high, x)
        return x, HERE

    def law_elsewhere_the_slope_is_another(self, f):
        """The same function has another slope at another place."""
        return near([f(high, HERE.copy()), f(high, HERE / 2)], [slope(height, HERE), slope(height, HERE / 2)], 1e-15)

    def law_f_sees_numbers_of_mpmath(self, f):
        """Each entry is one, of as many digits as are asked for at least, and precision is what it was afterwards."""
        seen = []
        with mpmath.workdps(20):
            f(
                lambda x: [seen.append((isinstance(x[0, 1], mpmath.mpf), mpmath.mp.dps >= 70)), x.sum()][1],
                HERE.copy(),
                dps=70,
            )
            return [all(map(all, seen)), mpmath.mp.dps], [True, 20]

    def law_no_axes_and_no_entries(self, f):
        """A 0-d array has one slope, an empty one none."""
        one, none = f(lambda x: x[()] ** 3, np.array(2.0)), f(lambda x: (x**3).sum(), np.zeros((0, 3)))
        return [*near(one, 12.0, 1e-15), np.shape(none)], [12.0, 12.0, (0, 3)]

    bad = (
        Malformed("f that gives an array", "f", lambda _: lambda x: x, case=Case("", inputs={"f": np.sum, "x": HERE})),
        Malformed("x of integers", "x", lambda x: x.astype(int), case=Case("", inputs={"f": np.sum, "x": HERE})),
        Malformed("dps of 3", "dps", case=Case("", dps=3, inputs={"f": np.sum, "x": HERE})),
    )


SQUIRE_AND_TRAPP = 4.0534278938986201  # the derivative, as their section 3 has it


def high(x):
    """`height` of mpmath's numbers."""
    return sum(x.ravel() ** 3) + sum(map(mpmath.exp, x.ravel())) + mpmath.tanh(x[0, 0] * x[-1, -1])


def very_steep(x):
    """`steep` of mpmath's numbers."""
    return sum(mpmath.exp(4 * entry) for entry in x.ravel())
