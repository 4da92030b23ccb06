"""`torch.matmul`."""

import torch


def matmul_forward(a, b):
    return torch.matmul(a, b)
