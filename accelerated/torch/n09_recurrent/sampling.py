"""`sort`, `softmax`, `cumsum` and `scatter`, as PyTorch's users write it."""

import math

import torch


def sampling_distribution(scores, *, temperature=1.0, top_k=None, top_p=None):
    if not 0 <= temperature < math.inf:
        raise ValueError(f"sampling_distribution: temperature must be 0 or more, got {temperature}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"sampling_distribution: top_p must be above 0 and at most 1, got {top_p}")
    if temperature == 0:
        temperature, top_k = 1.0, 1
    if top_k is None and top_p is None:
        shifted = scores - scores.max(dim=1, keepdim=True).values if scores.numel() else scores
        return torch.softmax(shifted / temperature, dim=1)
    ordered, order = scores.sort(dim=1, descending=True, stable=True)
    shifted = (ordered - ordered[:, :1]) / temperature
    if top_k is not None:
        shifted[:, top_k:] = -math.inf
    p = torch.softmax(shifted, dim=1)
    if top_p is not None and top_p < 1:
        outside = p.cumsum(dim=1)[:, :-1] >= top_p
        p[:, 1:][outside] = 0
        p = p / p.sum(dim=1, keepdim=True)
    return torch.zeros_like(p).scatter(1, order, p)
