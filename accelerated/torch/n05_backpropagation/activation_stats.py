"""`var_mean` would lose digits; comparisons, counted."""

import torch


def activation_stats(h, *, bound=0.99):
    if h.numel() == 0:
        raise ValueError(f"activation_stats: h must hold at least one activation, got shape {tuple(h.shape)}")
    told = h[~h.isnan()]
    mean = told.mean()
    std = (told - mean).square().mean().sqrt()
    dead = (h == 0).all(dim=0)
    shares = [
        flags.to(h.dtype).mean() for flags in (h == 0, h.abs() >= torch.tensor(bound, dtype=h.dtype), dead, h.isnan())
    ]
    return mean, std, *shares
