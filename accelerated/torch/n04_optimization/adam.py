"""`torch.optim.Adam`, fused. It works in place, hence on copies."""

import torch
from torch.optim.adam import adam as update

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates


def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    require_decay_rates("adam", beta1=beta1, beta2=beta2)
    m, v, t = (
        (torch.zeros_like(w), torch.zeros_like(w), torch.tensor(0.0)) if state is None else map(torch.clone, state)
    )
    w = w.clone()
    numbers = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": 0.0}
    update([w], [dw], [m], [v], [], [t], fused=True, amsgrad=False, maximize=False, **numbers)
    return w, (m, v, t)
