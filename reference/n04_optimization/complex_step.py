"""Derivatives to all digits, from f alone: second opinions beside a symbolic one. Squire and Trapp 1998; mpmath.

    complex_step     g_i = Im f(x + i h e_i) / h                            one evaluation, no difference
    mp_derivative    g_i = (f(x + h e_i) - f(x - h e_i)) / 2h               with so many digits that h may be tiny

x, g: one shape, of floats    f: a function that gives a number, of complex numbers or of mpmath's

f(x + ih) = f(x) + ih f'(x) - h^2 f''(x) / 2 - …: nothing is subtracted, so at h = 1e-30 the imaginary part is h f' but
for rounding. That takes a function that is analytic, and written for complex numbers: abs and a real dtype drop the
imaginary part. `mp_derivative` hands f an array of mpmath's numbers, for which its functions are those of mpmath.
"""

from collections.abc import Callable

import mpmath
import numpy as np

from nnspec.reference.n04_optimization._differences import number, require_step
from nnspec.shapes import Array, Between, Float


def complex_step(f: Callable, x: Float[Array, "*shape"], *, h: float = 1e-30):
    require_step("complex_step", h)
    grad = np.empty_like(x)
    for i in np.ndindex(x.shape):
        there = x.astype(np.result_type(x, np.complex64))
        there[i] += 1j * h
        value = number("complex_step", f(there))
        if not np.iscomplexobj(value):
            raise ValueError("complex_step: f must give a complex number of complex ones: abs, say, does not")
        grad[i] = value.imag / h
    return grad


def mp_derivative(f: Callable, x: Float[Array, "*shape"], *, dps: Between[15, None] = 50):
    """dps: decimal digits that are right; h is 10^-dps, and the evaluation has twice as many."""
    exact = np.asarray(np.frompyfunc(mpmath.mpf, 1, 1)(x.astype(float)), object)
    grad = np.empty_like(x)
    with mpmath.workdps(dps):
        for i in np.ndindex(x.shape):

            def along(value, i=i):
                there = exact.copy()
                there[i] = value
                return number("mp_derivative", f(there))

            grad[i] = mpmath.diff(along, exact[i])
    return grad
