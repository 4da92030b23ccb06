"""Losses of a linear classifier's weights, of which slices are taken."""

import numpy as np

from nnspec.reference import svm_objective

_RNG = np.random.default_rng(0)
W, U, V = _RNG.standard_normal((3, 4, 3))
_X, _Y = _RNG.standard_normal((9, 4)), np.arange(9) % 3


def bowl(w):
    """Half of the squares, of which every slice is a parabola."""
    return (w * w).sum() / 2


def hinge(w):
    return svm_objective(w, _X, _Y, reg=0.0)[0]
