"""`F.linear`, with the transpose of our weights."""

import torch.nn.functional as F


def affine_forward(x, w, b):
    return F.linear(x.reshape(len(x), len(w)), w.T, b)
