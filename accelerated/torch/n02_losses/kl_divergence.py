"""`F.kl_div`, which takes the logarithm of q, and q first."""

import torch.nn.functional as F

from nnspec.reference.n02_losses._probabilities import require_distributions
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced


def cross_entropy_dist_forward(p, q, *, reduction="mean"):
    require_distributions("cross_entropy_dist_forward", p=p.detach(), q=q.detach())
    divisor = divisor_of_the_mean("cross_entropy_dist_forward", reduction, p=len(p))
    return reduced(-p.xlogy(q).sum(dim=1), reduction, divisor)


def kl_divergence_forward(p, q, *, reduction="mean"):
    require_distributions("kl_divergence_forward", p=p.detach(), q=q.detach())
    divisor_of_the_mean("kl_divergence_forward", reduction, p=len(p))
    if reduction == "none":
        return F.kl_div(q.log(), p, reduction="none").sum(dim=1)
    return F.kl_div(q.log(), p, reduction={"mean": "batchmean"}.get(reduction, reduction))
