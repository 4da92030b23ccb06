"""Adamax: Adam with a maximum in place of the second moment. Kingma and Ba 2015, arXiv:1412.6980, algorithm 2.

    m = beta1 m + (1 - beta1) dw        u = max(beta2 u, |dw| + eps)
    w = w - lr m / (1 - beta1^t) / u

w, dw, m, u: one shape, entry by entry    t = 1, 2, … counts the steps of this tensor

u is the largest gradient so far, of which each step forgets a little; it needs no bias correction, because a maximum
does not start too low. The paper has no eps, and divides by 0 where there never was a gradient; here it stands beside
|dw|, as in PyTorch. beta1 and beta2 lie in [0, 1).
"""

import numpy as np

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates
from nnspec.shapes import Array, Float, State


def adamax(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape", "*shape", int] | None = None,
    *,
    lr: float = 2e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
):
    require_decay_rates("adamax", beta1=beta1, beta2=beta2)
    m, u, t = (np.zeros_like(w), np.zeros_like(w), 0) if state is None else state
    t = t + 1
    m = beta1 * m + (1 - beta1) * dw
    u = np.maximum(beta2 * u, np.abs(dw) + eps)
    return w - lr * m / (1 - beta1**t) / u, (m, u, t)
