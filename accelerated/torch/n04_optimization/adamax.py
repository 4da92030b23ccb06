"""`torch.optim.Adamax`. It works in place, hence on copies."""

import torch
from torch.optim.adamax import adamax as update

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates


def adamax(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    require_decay_rates("adamax", beta1=beta1, beta2=beta2)
    zeros = (torch.zeros_like(w) for _ in range(2))
    m, u, t = (*zeros, torch.tensor(0.0)) if state is None else map(torch.clone, state)
    w = w.clone()
    update([w], [dw], [m], [u], [t], lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=0.0)
    return w, (m, u, t)
