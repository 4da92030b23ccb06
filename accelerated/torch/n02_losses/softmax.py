"""`torch.softmax`."""

import torch

from nnspec.reference.n02_losses._axis import require_axis


def softmax_forward(x, *, axis=-1):
    require_axis("softmax_forward", x, axis)
    return torch.softmax(x, dim=axis)
