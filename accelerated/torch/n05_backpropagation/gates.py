"""PyTorch's arithmetic, and `where`: `torch.maximum` splits the gradient of equals."""

import torch


def add_forward(x, y):
    return x + y


def mul_forward(x, y):
    return x * y


def maximum_forward(x, y):
    return torch.where((x >= y) | x.isnan(), x, y)


def copy_forward(x):
    return x.clone(), x.clone()
