"""`F.nll_loss`."""

import torch.nn.functional as F

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean
from nnspec.reference.n02_losses.nll_loss import ROUNDING

NO_LABEL = -100  # PyTorch's own ignore_index


def nll_loss_forward(logp, y, *, reduction="mean"):
    divisor_of_the_mean("nll_loss_forward", reduction, logp=len(logp))
    losses = F.nll_loss(logp, y.long(), reduction="none", ignore_index=NO_LABEL)
    if (losses < -ROUNDING).any():
        raise ValueError("nll_loss_forward: logp must be the logarithms of probabilities, none above 0")
    return losses if reduction == "none" else getattr(losses, reduction)()
