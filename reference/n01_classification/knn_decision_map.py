"""Decision map of k-nearest neighbours: which class each place of the plane belongs to. CS231n notes "Classification",
the figure on the choice of k.

    labels_ij = the vote of the k training points nearest to (xs_j, ys_i)
    tie_ij    = whether more than one class has the most votes there

x (N, 2) training points    y (N,) their labels from 0 on    xs (Gx,), ys (Gy,) the grid    labels, tie (Gy, Gx)

A row of the map is a row of the picture: it has one y, and its columns go along x. Where classes tie, the smaller label
stands in `labels`, as `knn_vote` decides, and `tie` says that it could as well be another: such places are drawn white.
The borders between regions of k = 1 are those of the points' Voronoi cells.
"""

import numpy as np

from nnspec.shapes import Array, Between, Float, Int


def knn_decision_map(
    x: Float[Array, "N 2"],
    y: Int[Array, "N"],
    xs: Float[Array, "Gx"],
    ys: Float[Array, "Gy"],
    *,
    k: Between[1, "N"] = 1,
    ops=None,
):
    """labels (Gy, Gx), tie (Gy, Gx)."""
    if ops is None:
        from nnspec import reference as ops
    if y.min() < 0:
        raise ValueError(f"knn_decision_map: y must hold labels from 0 on, got {y.min()}")
    places = np.array([(a, b) for b in ys for a in xs], x.dtype).reshape(-1, 2)  # (Gy Gx, 2) row by row
    near = ops.knn_indices(ops.l2_distance(places, x), k)  # (Gy Gx, k)
    labels, _, tie = ops.knn_vote(y[near])  # (Gy Gx,)
    shape = (len(ys), len(xs))
    return labels.reshape(shape), tie.reshape(shape)
