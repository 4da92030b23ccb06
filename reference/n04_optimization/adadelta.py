"""AdaDelta. Zeiler 2012, arXiv:1212.5701, algorithm 1.

    s = rho s + (1 - rho) dw^2        u = sqrt(d + eps) / sqrt(s + eps) dw
    d = rho d + (1 - rho) u^2         w = w - lr u

w, dw, s, d, u: one shape, entry by entry    s and d are 0 before the first step and are the state

u has the unit of w, because d is made of earlier u: of the paper's rule no rate has to be chosen, which is lr = 1. eps
stands inside both roots, unlike in the other rules: it is what the first step, with d = 0, is as long as.
"""

import numpy as np

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates
from nnspec.shapes import Array, Float, State


def adadelta(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape", "*shape"] | None = None,
    *,
    lr: float = 1.0,
    rho: float = 0.9,
    eps: float = 1e-6,
):
    require_decay_rates("adadelta", rho=rho)
    s, d = (np.zeros_like(w), np.zeros_like(w)) if state is None else state
    s = rho * s + (1 - rho) * dw * dw
    u = np.sqrt(d + eps) / np.sqrt(s + eps) * dw
    d = rho * d + (1 - rho) * u * u
    return w - lr * u, (s, d)
