"""Nadam: Adam that looks ahead as Nesterov. Dozat 2016, "Incorporating Nesterov momentum into Adam", algorithm 2.

    m = beta1 m + (1 - beta1) dw        v = beta2 v + (1 - beta2) dw^2        vhat = v / (1 - beta2^t)
    ahead = beta1 m / (1 - beta1^t) + (1 - beta1) dw / (1 - beta1^t)
    w = w - lr ahead / (sqrt(vhat) + eps)

    with a schedule: mu_t = beta1 (1 - 0.96^(schedule t) / 2), P_t = mu_1 … mu_t
    ahead = mu_{t+1} m / (1 - P_{t+1}) + (1 - mu_t) dw / (1 - P_t)

w, dw, m, v: one shape, entry by entry    t = 1, 2, … counts the steps of this tensor

Where Adam moves by the mean of the gradients, this moves by what that mean is about to be if the gradient stays. The
plain form is the simplified one of the course; schedule=0.004 is that of the paper and of PyTorch, in which the
momentum grows from beta1/2 to beta1. The state keeps the uncorrected moments. beta1 and beta2 lie in [0, 1).
"""

import numpy as np

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates
from nnspec.reference.n04_optimization._look_ahead import look_ahead
from nnspec.shapes import Array, Float, State


def nadam(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape", "*shape", int] | None = None,
    *,
    lr: float = 2e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    schedule: float | None = None,
):
    require_decay_rates("nadam", beta1=beta1, beta2=beta2)
    m, v, t = (np.zeros_like(w), np.zeros_like(w), 0) if state is None else state
    t = t + 1
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw * dw
    of_m, of_dw = look_ahead(t, beta1, schedule)
    ahead = of_m * m + of_dw * dw
    return w - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)
