"""`torch.special.entr`, summed."""

import math

import torch

from nnspec.reference.n02_losses._axis import require_axis
from nnspec.reference.n02_losses._probabilities import require_base, require_distributions


def entropy_forward(p, *, axis=-1, base=math.e):
    require_axis("entropy_forward", p, axis)
    require_base("entropy_forward", base)
    require_distributions("entropy_forward", axis, p=p.detach())
    return torch.special.entr(p).sum(dim=axis) / math.log(base)
