"""Cosine distance. Salton and McGill 1983; scipy.spatial.distance.cosine.

    d_ij = 1 - u_i·v_j        u_i = xq_i / |xq_i|, v_j = xt_j / |xt_j|
    dd_ij/dxq_i = -(v_j - (u_i·v_j) u_i) / |xq_i|, and for xt alike

xq (Nq, D) queries    xt (Nt, D) training points    d (Nq, Nt) from 0 to 2

Only directions count, not lengths: 0 is the same direction, 1 a right angle, 2 the opposite one. The zero vector has no
direction: it is at distance 1 of everything, itself included, with gradient 0. Rounding may leave 1 - u·v below 0: no
distance, so it is clipped. Lengths are taken relative to the largest entry, so that no square overflows.
"""

import numpy as np

from nnspec.shapes import Array, Float, Real


def cosine_distance(xq: Real[Array, "Nq D"], xt: Real[Array, "Nt D"]):
    (u, _), (v, _) = _direction(xq), _direction(xt)
    return np.clip(1 - u @ v.T, 0, 2)  # (Nq, Nt)


def cosine_distance_backward(dd: Float[Array, "Nq Nt"], xq: Float[Array, "Nq D"], xt: Float[Array, "Nt D"]):
    (u, length_q), (v, length_t) = _direction(xq), _direction(xt)
    return _turned(-dd @ v, u) / length_q, _turned(-dd.T @ u, v) / length_t  # (Nq, D), (Nt, D)


def _direction(x):
    """Unit vectors (N, D) and lengths (N, 1). Of the zero vector: itself, and a length of 1 to divide by."""
    largest = abs(x).max(axis=1, keepdims=True, initial=0)  # (N, 1)
    scaled = x / np.where(largest > 0, largest, 1)  # (N, D) of integers float64
    length = np.sqrt((scaled * scaled).sum(axis=1, keepdims=True))  # (N, 1)
    length = np.where(length > 0, length, 1)
    return scaled / length, np.where(largest > 0, largest, 1) * length


def _turned(pull, u):
    """What of a pull (N, D) turns u: the part along u would only lengthen it. The zero vector is not moved."""
    along = (pull * u).sum(axis=1, keepdims=True)  # (N, 1)
    return np.where(u.any(axis=1, keepdims=True), pull - along * u, 0)
