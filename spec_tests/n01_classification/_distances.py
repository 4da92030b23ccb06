"""Points for the cases of distances, and a gradient that is rounded as the expanded form rounds it."""

import numpy as np

from nnspec.reference import l2_distance_gemm

IMAGES = {"xq": np.array([[0, 255, 3], [200, 0, 9]], np.uint8), "xt": np.array([[255, 0, 4], [1, 255, 200]], np.uint8)}
COINCIDENT = {"xq": [[1.0, 2.0], [0.5, -3.0]], "xt": [[1.0, 2.0], [4.0, 1.0], [0.5, -3.0]]}
_OFFSET = 1e4 + np.random.default_rng(3).standard_normal((24, 3))
DUPLICATES = {"xq": _OFFSET, "xt": _OFFSET}


def l2_distance_backward_gemm(dd, xq, xt, *, squared=False):
    """The gradient with the rounding of the expanded form: pull_ij is a few roundings off, its sums cancel."""
    d = l2_distance_gemm(xq, xt)
    pull = 2 * dd if squared else np.divide(dd, d, out=np.zeros_like(dd), where=d > 0)
    return pull.sum(axis=1)[:, None] * xq - pull @ xt, pull.sum(axis=0)[:, None] * xt - pull.T @ xq


def weighed(labels, weight):
    """(Nq, K): what the label of each neighbour weighs together."""
    return np.where(labels[:, :, None] == labels[:, None, :], weight[:, None, :], 0).sum(axis=2)


def relative_weights(d, eps):
    nearest = d.min(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.where(d == nearest, 1, (nearest + d.dtype.type(eps)) / (d + d.dtype.type(eps)))


def nearest_of_the_winners(labels, d, eps):
    first = weighed(labels, relative_weights(d, eps)).argmax(axis=1)
    return np.take_along_axis(labels, first[:, None], axis=1)[:, 0]
