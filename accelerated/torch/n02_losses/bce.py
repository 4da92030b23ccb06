"""`F.binary_cross_entropy`."""

import torch.nn.functional as F

from nnspec.reference.n02_losses._probabilities import require_probabilities
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean


def bce_forward(p, y, *, reduction="mean"):
    require_probabilities("bce_forward", p=p.detach(), y=y)
    divisor_of_the_mean("bce_forward", reduction, p=p.numel())
    return F.binary_cross_entropy(p, y, reduction=reduction)
