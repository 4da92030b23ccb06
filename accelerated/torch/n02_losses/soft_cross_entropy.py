"""`F.cross_entropy`, which takes probabilities for targets too."""

import torch.nn.functional as F

from nnspec.reference.n02_losses._probabilities import require_distributions
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean


def soft_cross_entropy_forward(scores, t, *, reduction="mean"):
    require_distributions("soft_cross_entropy_forward", t=t)
    divisor_of_the_mean("soft_cross_entropy_forward", reduction, scores=len(scores))
    return F.cross_entropy(scores, t, reduction=reduction)
