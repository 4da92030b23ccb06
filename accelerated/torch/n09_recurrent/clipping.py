"""`torch.nn.utils.get_total_norm`, and `clamp`."""

import torch
from torch.nn.utils import get_total_norm


def clip_by_global_norm(grads, max_norm, *, eps=1e-6):
    if not max_norm >= 0:
        raise ValueError(f"clip_by_global_norm: max_norm must be at least 0, got {max_norm}")
    norm = get_total_norm(list(grads.values()))
    scale = (max_norm / (norm + eps)).clamp(max=1)
    return {key: scale * g for key, g in grads.items()}, norm


def clip_by_value(grads, limit):
    if not limit >= 0:
        raise ValueError(f"clip_by_value: limit must be at least 0, got {limit}")
    return {key: torch.clamp(g, -limit, limit) for key, g in grads.items()}
