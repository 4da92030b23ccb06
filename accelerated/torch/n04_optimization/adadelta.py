"""`torch.optim.Adadelta`. It works in place, hence on copies."""

import torch
from torch.optim.adadelta import adadelta as update

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates


def adadelta(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6):
    require_decay_rates("adadelta", rho=rho)
    s, d = (torch.zeros_like(w), torch.zeros_like(w)) if state is None else map(torch.clone, state)
    w = w.clone()
    update([w], [dw], [s], [d], [torch.tensor(0.0)], lr=lr, rho=rho, eps=eps, weight_decay=0.0, maximize=False)
    return w, (s, d)
