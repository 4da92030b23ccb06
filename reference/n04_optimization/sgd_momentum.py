"""Gradient descent with momentum. Polyak 1964; CS231n notes "Neural networks", part 3; assignments, `sgd_momentum`.

    v = mu v - lr dw        w = w + v
    v = mu v + dw           w = w - lr v        with lr_in_velocity=False

w, dw, v: one shape, entry by entry    v is 0 before the first step and is the state

The second form is PyTorch's. Both go the same way as long as lr stays what it is; after a change of lr, the first one
still moves by what the old lr had put into v.
"""

import numpy as np

from nnspec.shapes import Array, Float, State


def sgd_momentum(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape"] | None = None,
    *,
    lr: float = 1e-2,
    mu: float = 0.9,
    lr_in_velocity: bool = True,
):
    v = np.zeros_like(w) if state is None else state
    if lr_in_velocity:
        v = mu * v - lr * dw
        return w + v, v
    v = mu * v + dw
    return w - lr * v, v
