"""Adam update. Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.

    m = beta1 m + (1 - beta1) dw        mhat = m / (1 - beta1^t)
    v = beta2 v + (1 - beta2) dw^2      vhat = v / (1 - beta2^t)
    w = w - lr mhat / (sqrt(vhat) + eps)

w, dw, m, v: one shape, entry by entry    t = 1, 2, … counts the steps of this tensor

m is a decaying mean of the gradients, v of their squares. Both begin at 0 and are too small at first; mhat and vhat
mend that, since the weights of t gradients sum to 1 - beta^t. mhat / sqrt(vhat) has no unit: where gradients agree it
is about 1, however large they are, so that lr is about how far an entry moves in a step. eps only keeps 0 / 0 away; it
stands outside the root and after the correction, as in the paper and in PyTorch. The state is (m, v, t), uncorrected.
beta1 and beta2 lie in [0, 1).
"""

import numpy as np

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates
from nnspec.shapes import Array, Float, State


def adam(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape", "*shape", int] | None = None,
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
):
    require_decay_rates("adam", beta1=beta1, beta2=beta2)
    m, v, t = (np.zeros_like(w), np.zeros_like(w), 0) if state is None else state
    t = t + 1
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw * dw
    mhat = m / (1 - beta1**t)
    vhat = v / (1 - beta2**t)
    return w - lr * mhat / (np.sqrt(vhat) + eps), (m, v, t)
