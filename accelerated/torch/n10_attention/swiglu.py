"""`F.silu`."""

import torch.nn.functional as F


def swiglu_forward(a, g):
    return a * F.silu(g)
