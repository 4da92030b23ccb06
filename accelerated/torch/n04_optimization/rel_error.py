"""The errors, and the largest of them."""

import torch


def rel_error(a, b, *, floor=1e-8):
    if not floor > 0:
        raise ValueError(f"rel_error: floor must be above 0, got {floor}")
    a, b = a / 2, b / 2
    off = (a - b).abs() / (a.abs() + b.abs()).clamp(min=floor / 2)
    off = torch.where(off.isnan(), torch.inf, off)
    return off.amax() if off.numel() else off.sum()
