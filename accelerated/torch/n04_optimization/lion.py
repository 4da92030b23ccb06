"""The step as its users write it: `torch.optim` has none."""

import torch

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates


def lion(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
    require_decay_rates("lion", beta1=beta1, beta2=beta2)
    m = torch.zeros_like(w) if state is None else state
    step = torch.lerp(m, dw, 1 - beta1).sign_()
    return torch.mul(w, 1 - lr * weight_decay).sub_(step, alpha=lr), torch.lerp(m, dw, 1 - beta2)
