"""`torch.optim.Adam(amsgrad=True)`, fused. It works in place, hence on copies."""

import torch
from torch.optim.adam import adam as update

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates


def amsgrad(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    require_decay_rates("amsgrad", beta1=beta1, beta2=beta2)
    zeros = (torch.zeros_like(w) for _ in range(3))
    m, v, top, t = (*zeros, torch.tensor(0.0)) if state is None else map(torch.clone, state)
    w = w.clone()
    numbers = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": 0.0}
    update([w], [dw], [m], [v], [top], [t], fused=True, amsgrad=True, maximize=False, **numbers)
    return w, (m, v, top, t)
