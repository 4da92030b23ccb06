"""Each neighbour's label is compared with all others: no table of classes."""

import torch

from nnspec.reference.n01_classification._distances import require_distances


def knn_vote_weighted(labels, d, *, eps=0.0):
    require_distances(labels, d, eps)
    labels, nearest = labels.long(), d.amin(dim=1, keepdim=True)
    weight = torch.where(d == nearest, 1, (nearest + eps) / (d + eps))
    votes = torch.where(labels[:, :, None] == labels[:, None, :], weight[:, None, :], 0).sum(dim=2)
    wins = votes == votes.amax(dim=1, keepdim=True)
    return torch.where(wins, labels, torch.iinfo(torch.int64).max).amin(dim=1)
