"""Relative error, the number a gradient check is read by. CS231n assignment 1, `rel_error` of the notebooks; notes
"Neural networks", part 3, gradient checks.

    out = max_i |a_i - b_i| / max(floor, |a_i| + |b_i|)

a, b: one shape, analytic and numerical    out: a number, from 0 to 1: the worst entry

In float64 with h = 1e-5: above 1e-2 the gradient is wrong, below 1e-4 right where there are kinks, below 1e-7 right.
The notes' text divides by max(|a|, |b|), which gives up to twice as much. Where both are 0 it is 0, thanks to the
floor; a NaN is infinitely far from everything.
"""

import numpy as np

from nnspec.shapes import Array, Float


def rel_error(a: Float[Array, "*shape"], b: Float[Array, "*shape"], *, floor: float = 1e-8):
    if not floor > 0:
        raise ValueError(f"rel_error: floor must be above 0, got {floor}")
    a, b = a / 2, b / 2  # so that |a| + |b| is a number even of the largest ones
    with np.errstate(invalid="ignore"):
        off = np.abs(a - b) / np.maximum(floor / 2, np.abs(a) + np.abs(b))
    return np.where(np.isnan(off), np.inf, off).max(initial=0)
