"""`F.gelu`."""

import torch.nn.functional as F


def gelu_forward(x, *, approximate=False):
    return F.gelu(x, approximate="tanh" if approximate else "none")
