"""Not `torch.cdist`, whose powers overflow: differences are divided by the largest first."""

import math

import torch

from nnspec.accelerated.torch.n01_classification.knn import _floating


def minkowski_distance(xq, xt, *, p=2.0):
    if not p >= 1:
        raise ValueError(f"minkowski_distance: p must be at least 1, got {p}: below it is no distance")
    xq, xt = _floating(xq, xt)
    size = (xq[:, None] - xt).abs()
    largest = size.amax(dim=2) if size.shape[2] else size.sum(dim=2)
    if p == math.inf:
        return largest
    scale = torch.where((largest > 0) & (largest < math.inf), largest, 1)
    share = size / scale[:, :, None]
    return scale * share.pow(p).sum(dim=2).pow(1 / p)
