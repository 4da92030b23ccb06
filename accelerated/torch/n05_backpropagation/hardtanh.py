"""`F.hardtanh`."""

import torch.nn.functional as F


def hardtanh_forward(x, *, low=-1.0, high=1.0):
    if not low <= high:
        raise ValueError(f"hardtanh_forward: low must be at most high = {high}, got {low}")
    return F.hardtanh(x, low, high)
