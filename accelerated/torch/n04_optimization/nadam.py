"""The step of `torch.optim.NAdam`, which always follows a schedule, written out for both forms."""

import torch

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates
from nnspec.reference.n04_optimization._look_ahead import look_ahead


def nadam(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
    require_decay_rates("nadam", beta1=beta1, beta2=beta2)
    m, v, t = (torch.zeros_like(w), torch.zeros_like(w), 0) if state is None else state
    t = t + 1
    of_m, of_dw = look_ahead(t, beta1, schedule)
    m = torch.lerp(m, dw, 1 - beta1)
    v = (beta2 * v).addcmul_(dw, dw, value=1 - beta2)
    root = v.div(1 - beta2**t).sqrt_().add_(eps)
    return torch.addcdiv(w, (of_m * m).add_(dw, alpha=of_dw), root, value=-lr), (m, v, t)
