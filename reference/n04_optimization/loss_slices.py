"""Slices of a loss: what a landscape of thousands of dimensions looks like along a line or in a plane. CS231n notes
"Optimization", visualizing the loss function; Goodfellow et al. 2015, arXiv:1412.6544.

    loss_slice_1d    out_a = loss(w + alpha_a u)
    loss_slice_2d    out_ab = loss(w + alpha_a u + beta_b v)

loss: a function of w that gives a number    w, u, v: one shape, a point and directions    alphas (A,)    betas (B,)

The hinge loss of a linear classifier is piecewise linear in w, and so is every slice of it; both are convex. Each point
is computed from w itself: from the point before it rounding would add up.
"""

from collections.abc import Callable

import numpy as np

from nnspec.reference.n04_optimization._differences import number
from nnspec.shapes import Array, Float


def loss_slice_1d(loss: Callable, w: Float[Array, "*shape"], u: Float[Array, "*shape"], alphas: Float[Array, "A"]):
    return np.array([number("loss_slice_1d", loss(w + a * u), "loss") for a in alphas], w.dtype)


def loss_slice_2d(
    loss: Callable,
    w: Float[Array, "*shape"],
    u: Float[Array, "*shape"],
    v: Float[Array, "*shape"],
    alphas: Float[Array, "A"],
    betas: Float[Array, "B"],
):
    out = np.empty((len(alphas), len(betas)), w.dtype)
    for a, alpha in enumerate(alphas):
        for b, beta in enumerate(betas):
            out[a, b] = number("loss_slice_2d", loss(w + alpha * u + beta * v), "loss")
    return out
