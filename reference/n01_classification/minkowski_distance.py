"""Minkowski distance, of which l1 and l2 are two. Minkowski 1910, "Geometrie der Zahlen"; sklearn.metrics.

    d_ij = (sum_k |xq_ik - xt_jk|^p)^(1/p)        p = inf: d_ij = max_k |xq_ik - xt_jk|

xq (Nq, D) queries    xt (Nt, D) training points    d (Nq, Nt)

p = 1 adds up the differences, p = 2 is the Euclidean distance, and the larger p is, the more the largest difference
decides. Below p = 1 the way round a third point is shorter, so it is no distance and refused. Differences are taken
relative to the largest one, m (sum (|·|/m)^p)^(1/p): no power over- or underflows as a whole.
An infinite difference is an infinite distance.
"""

import numpy as np

from nnspec.shapes import Array, Real


def minkowski_distance(xq: Real[Array, "Nq D"], xt: Real[Array, "Nt D"], *, p: float = 2.0):
    if not p >= 1:
        raise ValueError(f"minkowski_distance: p must be at least 1, got {p}: below it is no distance")
    xq, xt = (x if x.dtype.kind == "f" else x.astype(np.float64) for x in (xq, xt))
    return np.array([_to(query, xt, p) for query in xq], xq.dtype).reshape(len(xq), len(xt))  # (Nq, Nt)


def _to(query, xt, p):
    """The distances (Nt,) of one query."""
    size = abs(xt - query)  # (Nt, D)
    largest = size.max(axis=1, initial=0)  # (Nt,)
    if p == np.inf:
        return largest
    scale = np.where((largest > 0) & (largest < np.inf), largest, 1)  # (Nt,)
    share = size / scale[:, None]  # (Nt, D)
    return scale * (share**p).sum(axis=1) ** (1 / p)
