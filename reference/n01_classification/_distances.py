"""What the annotations of a weighted vote do not tell."""

import math


def require_distances(labels, d, eps):
    if d.shape[1] == 0:
        shape = tuple(labels.shape)
        raise ValueError(f"knn_vote_weighted: labels must hold at least one vote a row, got shape {shape}")
    if not bool((d >= 0).all()):
        raise ValueError("knn_vote_weighted: d must hold distances, which are at least 0, and no NaN")
    if not 0 <= eps < math.inf:
        raise ValueError(f"knn_vote_weighted: eps must be finite and at least 0, got {eps}")
