"""`F.mish`."""

import torch.nn.functional as F


def mish_forward(x):
    return F.mish(x)
