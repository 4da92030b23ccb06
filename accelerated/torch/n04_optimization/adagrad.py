"""`torch.optim.Adagrad`. It works in place, hence on copies; its own decay of the rate is left out."""

import torch
from torch.optim.adagrad import adagrad as update


def adagrad(w, dw, state=None, *, lr=1e-2, eps=1e-8):
    s, w, t = torch.zeros_like(w) if state is None else state.clone(), w.clone(), torch.tensor(0.0)
    update([w], [dw], [s], [t], lr=lr, eps=eps, weight_decay=0.0, lr_decay=0.0, maximize=False)
    return w, s
