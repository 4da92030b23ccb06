"""`mean`, and arithmetic that broadcasts."""

import torch


def standardize_fit(x):
    if len(x) == 0:
        raise ValueError("standardize_fit: x must hold at least one sample: the mean of none is undefined")
    mean = x.mean(dim=0)
    return mean, (x - mean).square().mean(dim=0).sqrt()


def standardize(x, mean, std):
    if not (std >= 0).all():
        raise ValueError(f"standardize: std must be at least 0, got {std.tolist()}")
    return torch.where(std > 0, (x - mean) / std, 0)
