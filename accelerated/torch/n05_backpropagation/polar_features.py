"""`torch.hypot` and `torch.atan2`."""

import torch


def polar_features(x):
    return torch.stack([torch.hypot(x[:, 0], x[:, 1]), torch.atan2(x[:, 1], x[:, 0])], dim=1)
