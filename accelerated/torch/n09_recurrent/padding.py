"""A comparison with `torch.arange`."""

import torch


def lengths_to_mask(lengths, T):
    lengths = lengths.long()
    if lengths.numel() and not 0 <= lengths.min() <= lengths.max() <= T:
        raise ValueError(f"lengths_to_mask: lengths must lie in 0 … T = {T}, got {lengths.min()} … {lengths.max()}")
    return torch.arange(T) < lengths[:, None]
