"""`torch.log_softmax` and `torch.logsumexp`."""

import torch

from nnspec.reference.n02_losses._axis import require_axis


def log_softmax_forward(x, *, axis=-1):
    require_axis("log_softmax_forward", x, axis)
    return torch.log_softmax(x, dim=axis)


def logsumexp_forward(x, *, axis=-1, keepdims=False):
    require_axis("logsumexp_forward", x, axis)
    return torch.logsumexp(x, dim=axis, keepdim=keepdims)
