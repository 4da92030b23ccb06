"""AMSGrad: Adam whose rates never rise. Reddi, Kale and Kumar 2018, arXiv:1904.09237, algorithm 2.

    m = beta1 m + (1 - beta1) dw        v = beta2 v + (1 - beta2) dw^2        top = max(top, v)
    w = w - lr m / (1 - beta1^t) / (sqrt(top / (1 - beta2^t)) + eps)

w, dw, m, v, top: one shape, entry by entry    t = 1, 2, … counts the steps of this tensor

Adam forgets a large and rare gradient after about 1 / (1 - beta2) steps, and may walk away from the optimum; here the
largest v so far is what divides. The paper has no bias corrections; with them it is PyTorch's `amsgrad=True`, which
takes the largest of the uncorrected v and corrects then. beta1 and beta2 lie in [0, 1).
"""

import numpy as np

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates
from nnspec.shapes import Array, Float, State


def amsgrad(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape", "*shape", "*shape", int] | None = None,
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
):
    require_decay_rates("amsgrad", beta1=beta1, beta2=beta2)
    m, v, top, t = (np.zeros_like(w), np.zeros_like(w), np.zeros_like(w), 0) if state is None else state
    t = t + 1
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw * dw
    top = np.maximum(top, v)
    mhat = m / (1 - beta1**t)
    vhat = top / (1 - beta2**t)
    return w - lr * mhat / (np.sqrt(vhat) + eps), (m, v, top, t)
