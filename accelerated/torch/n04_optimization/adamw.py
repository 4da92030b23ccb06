"""`torch.optim.AdamW`, fused. It works in place, hence on copies."""

import torch
from torch.optim.adamw import adamw as update

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates


def adamw(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    require_decay_rates("adamw", beta1=beta1, beta2=beta2)
    m, v, t = (
        (torch.zeros_like(w), torch.zeros_like(w), torch.tensor(0.0)) if state is None else map(torch.clone, state)
    )
    w = w.clone()
    numbers = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": weight_decay}
    update([w], [dw], [m], [v], [], [t], fused=True, amsgrad=False, maximize=False, **numbers)
    return w, (m, v, t)
