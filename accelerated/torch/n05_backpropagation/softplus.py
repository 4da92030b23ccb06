"""`F.softplus`, which returns x itself above a threshold: 20, unless told otherwise, where float64 still sees e^-20."""

import torch.nn.functional as F


def softplus_forward(x):
    return F.softplus(x, threshold=40)
