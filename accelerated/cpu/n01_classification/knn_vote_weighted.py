"""A query is one thread's: the votes of each of its neighbours' labels are added up, without a table of classes."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.reference.n01_classification._distances import require_distances


def knn_vote_weighted(labels, d, *, eps=0.0):
    require_distances(labels, d, eps)
    y, weight = np.empty(len(d), np.int64), np.empty_like(d, order="C")
    _vote[d.size * d.shape[1]](*contiguous(labels.astype(np.int64, copy=False), d), float(eps), weight, y)
    return y


@kernel
def _vote(labels, d, eps, weight, y):
    eps, one = d.dtype.type(eps), d.dtype.type(1)
    for i in prange(len(d)):
        own, near = labels[i], d[i].min()
        for k in range(d.shape[1]):
            weight[i, k] = one if d[i, k] == near else (near + eps) / (d[i, k] + eps)
        most = d.dtype.type(-1)
        for k in range(d.shape[1]):
            votes = d.dtype.type(0)
            for j in range(d.shape[1]):
                if own[j] == own[k]:
                    votes += weight[i, j]
            if votes > most or (votes == most and own[k] < y[i]):
                most, y[i] = votes, own[k]
