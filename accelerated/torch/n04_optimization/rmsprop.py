"""`torch.optim.RMSprop`. It works in place, hence on copies."""

import torch
from torch.optim.rmsprop import rmsprop as update

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates


def rmsprop(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
    require_decay_rates("rmsprop", rho=rho)
    s, w, t = torch.zeros_like(w) if state is None else state.clone(), w.clone(), torch.tensor(0.0)
    numbers = {"lr": lr, "alpha": rho, "eps": eps, "weight_decay": 0.0, "momentum": 0.0}
    update([w], [dw], [s], [], [], [t], centered=False, **numbers)
    return w, s
