"""Distance-weighted vote of the nearest neighbours. Dudani 1976, "The distance-weighted k-nearest-neighbor rule".

    weight_k = 1 / (d_k + eps)        prediction = the label whose neighbours weigh most together

labels, d (Nq, K) of the neighbours of each query    weight (Nq, K)    y (Nq,)

Only ratios of weights count, so they are taken relative to the nearest, (d_min + eps) / (d_k + eps): nothing overflows,
and a neighbour at distance 0 wins alone where eps = 0, several of them vote among themselves. At an infinite distance
there is no weight, unless all are that far: then they weigh the same. Of labels that weigh the same the smallest wins.
With eps > 0 nobody wins alone: 1 / eps is the most that a neighbour weighs.
"""

import numpy as np

from nnspec.reference.n01_classification._distances import require_distances
from nnspec.shapes import Array, Float, Int


def knn_vote_weighted(labels: Int[Array, "Nq K"], d: Float[Array, "Nq K"], *, eps: float = 0.0):
    require_distances(labels, d, eps)
    nearest = d.min(axis=1, keepdims=True)  # (Nq, 1)
    with np.errstate(invalid="ignore"):
        weight = np.where(d == nearest, 1, (nearest + eps) / (d + eps))  # (Nq, K) 1 for 0 / 0 and inf / inf, too
    same = labels[:, :, None] == labels[:, None, :]  # (Nq, K, K)
    votes = np.where(same, weight[:, None, :], 0).sum(axis=2)  # (Nq, K) of each neighbour's label
    wins = votes == votes.max(axis=1, keepdims=True)  # (Nq, K)
    return np.where(wins, labels, labels.max(initial=0)).min(axis=1).astype(np.int64)
