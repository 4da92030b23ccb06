"""The steps of `torch.optim.SGD`, out of place: its fused kernel would need copies, which cost more than it saves."""

import torch


def sgd_weight_decay(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
    gradient = torch.add(dw, w, alpha=weight_decay)
    if mu == 0:
        return torch.sub(w, gradient, alpha=lr), None
    v = -lr * gradient if state is None else (mu * state).sub_(gradient, alpha=lr)
    return w + v, v
