"""`F.layer_norm`."""

import torch.nn.functional as F


def layernorm_forward(x, gamma, beta, *, eps=1e-5):
    return F.layer_norm(x, gamma.shape, gamma, beta, eps)
