"""`F.mse_loss`."""

import torch.nn.functional as F

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean


def mse_loss_forward(x, t, *, reduction="mean", half=False):
    divisor_of_the_mean("mse_loss_forward", reduction, x=x.numel())
    loss = F.mse_loss(x, t, reduction=reduction)
    return loss / 2 if half else loss
