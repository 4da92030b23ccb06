"""A thread for each query. Weights are computed anew where they are added up: neighbours are few."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, inlined, kernel
from nnspec.accelerated.cuda._target import cuda, empty, like, to_host
from nnspec.reference.n01_classification._distances import require_distances


def knn_vote_weighted(labels, d, *, eps=0.0):
    require_distances(labels, to_host(d), eps)
    y = empty(len(d), np.int64)
    _vote(blocks(len(d), _vote.threads), labels, d, float(eps), y)
    return y


@inlined
def _weight(near, here, eps):
    return like(near, 1) if here == near else (near + eps) / (here + eps)


@kernel(threads=(128, 8))
def _vote(real, threads):
    def vote(labels, d, eps, y):
        for i in range(cuda.grid(1), d.shape[0], cuda.gridsize(1)):
            near = d[i, 0]
            for k in range(1, d.shape[1]):
                near = min(near, d[i, k])
            most, winner = real(-1), labels[i, 0]
            for k in range(d.shape[1]):
                votes = real(0)
                for j in range(d.shape[1]):
                    if labels[i, j] == labels[i, k]:
                        votes += _weight(near, d[i, j], eps)
                if votes > most or (votes == most and labels[i, k] < winner):
                    most, winner = votes, labels[i, k]
            y[i] = winner

    return vote
