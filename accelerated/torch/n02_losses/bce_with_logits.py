"""`F.binary_cross_entropy_with_logits`."""

import torch
import torch.nn.functional as F

from nnspec.reference.n02_losses._probabilities import require_probabilities
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean


def bce_with_logits_forward(scores, y, *, pos_weight=1.0, reduction="mean"):
    require_probabilities("bce_with_logits_forward", y=y)
    divisor_of_the_mean("bce_with_logits_forward", reduction, scores=scores.numel())
    weight = None if pos_weight == 1 else torch.tensor(pos_weight, dtype=scores.dtype)
    return F.binary_cross_entropy_with_logits(scores, y, pos_weight=weight, reduction=reduction)
