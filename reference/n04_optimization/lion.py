"""Lion: the sign of an interpolated mean. Chen et al. 2023, arXiv:2302.06675, algorithm 2.

    c = beta1 m + (1 - beta1) dw        w = w - lr (sign(c) + weight_decay w)        m = beta2 m + (1 - beta2) dw

w, dw, m, c: one shape, entry by entry    m is 0 before the first step and is the state    sign(0) = 0

Every entry moves by lr, whatever the gradient's size. The step sees more of the newest gradient than the memory keeps
of it, beta1 < beta2. A step is longer than Adam's, so lr is 3 to 10 times smaller. beta1 and beta2 lie in [0, 1).
"""

import numpy as np

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates
from nnspec.shapes import Array, Float, State


def lion(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape"] | None = None,
    *,
    lr: float = 1e-4,
    beta1: float = 0.9,
    beta2: float = 0.99,
    weight_decay: float = 0.0,
):
    require_decay_rates("lion", beta1=beta1, beta2=beta2)
    m = np.zeros_like(w) if state is None else state
    c = beta1 * m + (1 - beta1) * dw
    w = w - lr * (np.sign(c) + weight_decay * w)
    return w, beta2 * m + (1 - beta2) * dw
