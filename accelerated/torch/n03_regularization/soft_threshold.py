"""`F.softshrink`."""

import torch.nn.functional as F


def soft_threshold_forward(x, *, lam=0.5):
    if not lam >= 0:
        raise ValueError(f"soft_threshold_forward: lam must not be negative, got {lam}")
    return F.softshrink(x, lam)
