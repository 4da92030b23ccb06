"""Classic mistakes of complex steps and of derivatives by mpmath."""

import mpmath
import numpy as np

from nnspec.reference import complex_step, mp_derivative, numerical_gradient
from nnspec.spec_tests._known import mistake


def stepped(f, x, h, told):
    """told(f(x + i h e_i)) of each entry."""
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        there = x.astype(complex)
        there[i] += 1j * h
        grad[i] = told(f(there))
    return grad


class MistakesOfComplexStep:
    @mistake("M34", replaces="complex_step")
    def real_differences(f, x, *, h=1e-30):
        """Step along the imaginary axis: a difference of two values loses half of the digits."""
        return numerical_gradient(f, x, h=max(h, 1e-5))

    @mistake("N1652", replaces="complex_step")
    def not_divided_by_h(f, x, *, h=1e-30):
        """The imaginary part is h times the slope: divide by h."""
        return stepped(f, x, h, lambda value: np.imag(value))

    @mistake("N1652", replaces="complex_step")
    def difference_of_real_parts(f, x, *, h=1e-30):
        """The slope stands in the imaginary part; the real part changes by h^2 only."""
        return stepped(f, x, h, lambda value: np.real(value - f(x)) / h)

    @mistake("N1652", replaces="complex_step")
    def modulus_taken(f, x, *, h=1e-30):
        """Take the imaginary part and not the modulus, which has no sign."""
        return stepped(f, x, h, lambda value: np.abs(value - f(x)) / h)

    @mistake("N1652", replaces="complex_step")
    def divided_by_2h(f, x, *, h=1e-30):
        """One step is h wide: 2h belongs to the central difference."""
        return complex_step(f, x, h=h) / 2

    @mistake("N1652", replaces="complex_step")
    def all_entries_at_once(f, x, *, h=1e-30):
        """Move one entry at a time: all of them together give the sum of the slopes."""
        return np.full(x.shape, np.imag(f(x + 1j * h)) / h)

    @mistake("N1652", replaces="complex_step")
    def step_lost_in_a_real_array(f, x, *, h=1e-30):
        """Make a complex array first: written into a real one, the imaginary part is lost."""
        return stepped(lambda z: f(z.real) + 0j, x, h, lambda value: np.imag(value) / h)

    @mistake("N1653", replaces="complex_step", convention=True)
    def imaginary_part_lost_in_abs(f, x, *, h=1e-30):
        """Look whether f gave a complex number: after abs the slope would be 0 without a word."""
        return stepped(f, x, h, lambda value: np.imag(value) / h)


class MistakesOfMpDerivative:
    @mistake("M34", replaces="mp_derivative")
    def in_double_precision(f, x, *, dps=50):
        """Set the working precision while f is evaluated: by default mpmath has the 15 digits of float64."""
        return differenced(f, x, 1e-5, 15)

    @mistake("N1654", replaces="mp_derivative")
    def one_sided(f, x, *, dps=50):
        """Go to both sides, or h must be far smaller: the one-sided difference is off by h f''/2."""
        return differenced(f, x, mpmath.mpf(10) ** -10, dps, behind=0)

    @mistake("N1654", replaces="mp_derivative")
    def step_of_float64(f, x, *, dps=50):
        """With fifty digits h may be 1e-25: at 1e-5 the difference is off by h^2 f'''/6 as ever."""
        return differenced(f, x, 1e-5, dps)

    @mistake("N1654", replaces="mp_derivative")
    def fixed_precision(f, x, *, dps=50):
        """Use as many digits as are asked for."""
        return mp_derivative(f, x, dps=20)

    @mistake("N1654", replaces="mp_derivative")
    def precision_left_changed(f, x, *, dps=50):
        """Set the precision for these calls alone (workdps): what others compute must not change."""
        mpmath.mp.dps = dps
        return mp_derivative(f, x, dps=dps)


def differenced(f, x, h, dps, behind=1):
    """(f(x + h) - f(x - behind h)) / (1 + behind) h with so many digits."""
    grad = np.zeros(x.shape)
    with mpmath.workdps(dps):
        for i in np.ndindex(x.shape):
            values = []
            for step in (h, -behind * h):
                there = np.asarray(np.frompyfunc(mpmath.mpf, 1, 1)(x), object).copy()
                there[i] += step
                values.append(f(there))
            grad[i] = (values[0] - values[1]) / ((1 + behind) * h)
    return grad
