"""Nesterov's accelerated gradient. Nesterov 1983; Sutskever et al. 2013, eq. 3 and 4; CS231n notes "Neural networks",
part 3.

    v = mu v_before - lr dw        w = w - mu v_before + (1 + mu) v
    v = mu v_before + dw           w = w - lr (dw + mu v)              with lr_in_velocity=False

w, dw, v: one shape, entry by entry    v is 0 before the first step and is the state

Momentum that looks ahead: the gradient is taken where the velocity is about to lead, at theta + mu v. That is the point
that w stands for here, so dw is the gradient at w, as in every other rule; theta = w - mu v itself is not kept. With
mu = 0 it is plain descent. The second form is PyTorch's; as with plain momentum they part once lr changes.
"""

import numpy as np

from nnspec.shapes import Array, Float, State


def nesterov(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape"] | None = None,
    *,
    lr: float = 1e-2,
    mu: float = 0.9,
    lr_in_velocity: bool = True,
):
    before = np.zeros_like(w) if state is None else state
    if lr_in_velocity:
        v = mu * before - lr * dw
        return w - mu * before + (1 + mu) * v, v
    v = mu * before + dw
    return w - lr * (dw + mu * v), v
