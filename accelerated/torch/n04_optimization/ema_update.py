"""`torch.lerp`, as `torch.optim.swa_utils` does."""

import torch

from nnspec.reference.n04_optimization._share import share_of


def ema_update(avg, w, *, decay=0.999, t=None):
    return torch.lerp(avg, w, share_of("ema_update", decay, t))
