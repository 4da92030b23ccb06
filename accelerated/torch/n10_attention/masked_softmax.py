"""`torch.softmax` of -inf where nothing is allowed, which is NaN in a row without any."""

import math

import torch


def masked_softmax_forward(x, *, mask=None):
    if mask is None:
        return torch.softmax(x, dim=-1)
    gone = ~mask
    out = torch.softmax(x.masked_fill(gone, -math.inf), dim=-1)
    empty = gone.all(dim=-1, keepdim=True)
    return out.masked_fill(empty, 0) if empty.any() else out
