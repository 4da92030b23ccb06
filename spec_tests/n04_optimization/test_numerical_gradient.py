"""Numerical gradients: their laws, against what sympy derives. Classic mistakes: mistakes_numerical_gradient.py."""

import warnings

import numpy as np

from nnspec.spec_tests._kinds import Case, Malformed, Procedure
from nnspec.spec_tests.n04_optimization._slopes import DOUT, HERE, height, mixed, near, refused_or, slope, steep

OF_A_NUMBER = Case("", inputs={"f": height, "x": HERE})
OF_AN_ARRAY = Case("", inputs={"f": mixed, "x": HERE, "dout": DOUT})


class TestNumericalGradient(Procedure):
    rows = ("04.03",)

    def law_it_is_what_sympy_derives(self, f):
        """To eight digits at h = 1e-5, in every entry."""
        return near(f(height, HERE.copy()), slope(height, HERE), 1e-8)

    def law_every_point_has_its_own(self, f):
        """The same f at two points of one shape."""
        points = [HERE, 0.5 - HERE]
        return near([f(height, x.copy()) for x in points], [slope(height, x) for x in points], 1e-8)

    def law_both_sides_count(self, f):
        """Central differences are off by h^2 f'''/6 alone: of exp(4x) at h = 1e-3 by less than 1e-5 of the slope."""
        return near(f(steep, HERE.copy(), h=1e-3), slope(steep, HERE), 1e-5)

    def law_the_step_is_the_one_that_is_given(self, f):
        """Of x^3 the central difference is 3x^2 + h^2, of whatever h."""
        found = [f(lambda x: (x**3).sum(), HERE.copy(), h=h) - 3 * HERE**2 for h in (0.5, 0.125)]
        return near(found, [np.full(HERE.shape, h * h) for h in (0.5, 0.125)], 1e-12)

    def law_forward_is_one_sided(self, f):
        """mode="forward": of x^2 the difference is 2x + h, central it is 2x."""
        found = [f(lambda x: (x * x).sum(), HERE.copy(), h=0.25, mode=mode) for mode in ("forward", "central")]
        ahead = f(height, HERE.copy(), h=1e-6, mode="forward")
        left, right = near(ahead, slope(height, HERE), 1e-4)
        sides = near(found, [2 * HERE + 0.25, 2 * HERE], 1e-12)
        return [*sides[0], left], [*sides[1], right]

    def law_x_is_as_it_was(self, f):
        """x stays, bit for bit, also if f has kept what it was given: x + h - h is another number than x."""
        x, given = np.array([0.1, 1e5, 1e-9]), []
        f(lambda x: [given.append(x), (x * x).sum()][1], x)
        return x, np.array([0.1, 1e5, 1e-9])

    def law_one_entry_at_a_time(self, f):
        """f is asked at points that differ from x in one entry at most."""
        asked = []
        f(lambda x: [asked.append((x != HERE).sum()), x.sum()][1], HERE.copy())
        return max(asked), 1

    def law_whatever_the_layout(self, f):
        """x may be transposed, reversed, or a view of every second column."""
        views = [np.asfortranarray(HERE), HERE[::-1].copy()[::-1], np.repeat(HERE, 2, axis=1)[:, ::2]]
        return near([f(height, x) for x in views], [slope(height, HERE)] * 3, 1e-8)

    def law_no_axes_and_no_entries(self, f):
        """A 0-d array has one slope; an empty one has none, or is refused."""
        one = f(lambda x: (x**3).sum(), np.array(2.0))
        none = refused_or(lambda: f(lambda x: (x**3).sum(), np.zeros((0, 3))), np.zeros((0, 3)), 0)
        return [near(one, 12.0, 1e-8)[0], none[0]], [near(one, 12.0, 1e-8)[1], none[1]]

    def law_integers_are_no_zeros(self, f):
        """Of [1, 2, 3] they are refused, or taken as floats: x + h must not be cut down to x."""
        return refused_or(lambda: f(lambda x: (x**2).sum(), np.array([1, 2, 3])), np.array([2.0, 4.0, 6.0]), 1e-6)

    def law_half_the_digits_are_few(self, f):
        """In float32 it is refused, or right to what float32 leaves of a difference: one digit. Ours warns of it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return refused_or(lambda: f(height, HERE.copy().astype(np.float32)), slope(height, HERE), 0.1)

    bad = (
        Malformed("x of integers", "x", lambda x: x.astype(int), case=OF_A_NUMBER),
        Malformed("x a list", "x", lambda x: x.tolist(), case=OF_A_NUMBER),
        Malformed("f no function", "f", lambda _: 1.0, case=OF_A_NUMBER),
        Malformed("f that gives an array", "f", lambda _: np.tanh, case=OF_A_NUMBER),
        Malformed("f that draws", "f", lambda _: Noisy(), case=OF_A_NUMBER),
        Malformed("f that writes to x", "f", lambda _: emptied, case=OF_A_NUMBER),
        Malformed("h of 0", "h", case=Case("", h=0.0, inputs={"f": height, "x": HERE})),
        Malformed("h that is lost", "h", case=Case("", h=1e-5, inputs={"f": np.sum, "x": 1e15 * HERE})),
        Malformed("a mode that is none", "mode", case=Case("", mode="both", inputs={"f": height, "x": HERE})),
    )


class TestNumericalVjp(Procedure):
    rows = ("04.04",)

    def law_it_is_what_sympy_derives(self, f):
        """The gradient of sum(f(x) dout), for a dout that is not all ones."""
        return near(f(mixed, HERE.copy(), DOUT), slope(mixed, HERE, DOUT), 1e-8)

    def law_every_point_has_its_own(self, f):
        """The same f at two points of one shape."""
        points = [HERE, 0.5 - HERE]
        return near([f(mixed, x.copy(), DOUT) for x in points], [slope(mixed, x, DOUT) for x in points], 1e-8)

    def law_f_may_fill_one_buffer(self, f):
        """f may return the same array in every call, filled anew."""
        buffer = np.empty(HERE.shape)
        return near(
            f(lambda x: np.copyto(buffer, mixed(x)) or buffer, HERE.copy(), DOUT), slope(mixed, HERE, DOUT), 1e-8
        )

    def law_linear_in_dout(self, f):
        """Twice the dout is twice the gradient, and a dout of zeros none."""
        once, twice, none = (f(mixed, HERE.copy(), k * DOUT) for k in (1, 2, 0))
        return near([twice, none], [2 * once, 0 * once], 1e-8)

    def law_one_entry_of_dout_is_a_row_of_the_jacobian(self, f):
        """f(x) = A x: entry m of dout alone gives row m of A, and the gradient has the shape of x."""
        A = np.array([[1.0, -2.0, 0.5, 0.0], [0.25, 4.0, -1.0, 2.0], [3.0, 1.0, 0.0, -0.5]])
        found = [f(lambda x: A @ x.ravel(), np.ones((2, 2)), one) for one in np.eye(3)]
        return near(found, A.reshape(3, 2, 2), 1e-8)

    def law_a_number_is_an_array_without_axes(self, f):
        """Where f gives a number dout is one, and what comes out is dout times the gradient."""
        return near(f(height, HERE.copy(), np.array(-2.0)), -2 * slope(height, HERE), 1e-8)

    def law_the_step_is_the_one_that_is_given(self, f):
        """Of x^3 the central difference is 3x^2 + h^2, of whatever h."""
        found = [f(lambda x: x**3, HERE.copy(), np.ones_like(HERE), h=h) - 3 * HERE**2 for h in (0.5, 0.125)]
        return near(found, [np.full(HERE.shape, h * h) for h in (0.5, 0.125)], 1e-12)

    def law_x_and_dout_are_as_they_were(self, f):
        """x and dout stay, bit for bit."""
        x, dout = np.array([0.1, 1e5, 1e-9]), np.array([1.0, 2.0, 3.0])
        f(lambda x: x * x, x, dout)
        return [x, dout], [np.array([0.1, 1e5, 1e-9]), np.array([1.0, 2.0, 3.0])]

    def law_integers_are_no_zeros(self, f):
        """Of [1, 2, 3] they are refused, or taken as floats: x + h must not be cut down to x."""
        whole = np.array([1, 2, 3])
        return refused_or(lambda: f(lambda x: x**2, whole, np.ones(3)), np.array([2.0, 4.0, 6.0]), 1e-6)

    bad = (
        Malformed("dout too short", "dout", lambda d: d[:1], case=OF_AN_ARRAY),
        Malformed("x of integers", "x", lambda x: x.astype(int), case=OF_AN_ARRAY),
        Malformed("f that draws", "f", lambda _: Noisy(), case=OF_AN_ARRAY),
        Malformed("f that writes to x", "f", lambda _: emptied, case=OF_AN_ARRAY),
        Malformed("h below 0", "h", case=Case("", h=-1e-5, inputs={"f": mixed, "x": HERE, "dout": DOUT})),
    )


class Noisy:
    """A function that drops other units in every call, as dropout at training time does."""

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def __call__(self, x):
        return (x * (self.rng.random(x.shape) < 0.5)).sum()


def emptied(x):
    """A function that overwrites what it was given."""
    total = (x * x).sum()
    x[...] = 0
    return total
