"""The steps of `torch.optim.SGD`, out of place: its fused kernel would need copies, which cost more than it saves."""

import torch


def sgd_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
    if lr_in_velocity:
        v = -lr * dw if state is None else (mu * state).sub_(dw, alpha=lr)
        return w + v, v
    v = dw.clone() if state is None else torch.add(dw, state, alpha=mu)
    return torch.sub(w, v, alpha=lr), v
