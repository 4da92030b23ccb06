"""RMSProp. Tieleman and Hinton 2012, lecture 6.5; CS231n notes "Neural networks", part 3; assignments, `rmsprop`.

    s = rho s + (1 - rho) dw^2        w = w - lr dw / (sqrt(s) + eps)

w, dw, s: one shape, entry by entry    s is 0 before the first step and is the state

AdaGrad with a memory that fades, so that the rates may rise again. There is no bias correction: the first step is
lr / sqrt(1 - rho) long. eps stands outside the root, as in the assignments and in PyTorch. rho lies in [0, 1).
"""

import numpy as np

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates
from nnspec.shapes import Array, Float, State


def rmsprop(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape"] | None = None,
    *,
    lr: float = 1e-2,
    rho: float = 0.99,
    eps: float = 1e-8,
):
    require_decay_rates("rmsprop", rho=rho)
    s = np.zeros_like(w) if state is None else state
    s = rho * s + (1 - rho) * dw * dw
    return w - lr * dw / (np.sqrt(s) + eps), s
