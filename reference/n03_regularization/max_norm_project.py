"""Max-norm constraint. Srebro and Shraibman 2005; CS231n notes "Neural networks", part 2, max norm constraints.

    w_m <- w_m min(1, c / |w_m|_2) for the incoming weights w_m of each unit m

w, out (D, M)    w_m: a column, axis=0, or a row where weights are stored (M, D), axis=1

A projection, done after the update and without a gradient: what lies within the ball stays bit for bit. The norm is
taken of w over its largest entry, so that squares neither overflow nor vanish.
"""

from typing import Literal

import numpy as np

from nnspec.shapes import Array, Float


def max_norm_project(w: Float[Array, "D M"], c: float, *, axis: Literal[0, 1] = 0):
    if not c > 0:
        raise ValueError(f"max_norm_project: c must be above 0, got {c}")
    top = abs(w).max(axis=axis, keepdims=True, initial=0)  # (1, M)
    ratios = w / np.where(top > 0, top, 1)  # (D, M)
    norm = top * np.sqrt((ratios * ratios).sum(axis=axis, keepdims=True))  # (1, M)
    return w * (c / np.maximum(norm, c))  # (D, M), by exactly 1 within the ball
