"""`torch.sigmoid`."""

import torch


def sigmoid_forward(x):
    return torch.sigmoid(x)
