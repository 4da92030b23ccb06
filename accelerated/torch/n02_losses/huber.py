"""`F.huber_loss`."""

import torch.nn.functional as F

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean


def huber_forward(x, t, *, delta=1.0, reduction="mean"):
    if not delta > 0:
        raise ValueError(f"huber_forward: delta must be above 0, got {delta}")
    divisor_of_the_mean("huber_forward", reduction, x=x.numel())
    return F.huber_loss(x, t, reduction=reduction, delta=delta)
