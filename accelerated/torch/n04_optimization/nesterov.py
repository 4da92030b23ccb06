"""The steps of `torch.optim.SGD(nesterov=True)`, out of place: its fused kernel would need copies."""

import torch


def nesterov(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
    if lr_in_velocity:
        v = -lr * dw if state is None else (mu * state).sub_(dw, alpha=lr)
        return torch.sub(w, dw, alpha=lr).add_(v, alpha=mu), v
    v = dw.clone() if state is None else torch.add(dw, state, alpha=mu)
    return torch.sub(w, torch.add(dw, v, alpha=mu), alpha=lr), v
