"""AdaGrad. Duchi, Hazan and Singer 2011, fig. 1 with a diagonal matrix; CS231n notes "Neural networks", part 3.

    s = s + dw^2        w = w - lr dw / (sqrt(s) + eps)

w, dw, s: one shape, entry by entry    s is 0 before the first step and is the state

Every entry has a rate of its own, which only falls: s adds up and forgets nothing. eps stands outside the root, as in
the notes and in PyTorch, whose default is 1e-10.
"""

import numpy as np

from nnspec.shapes import Array, Float, State


def adagrad(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape"] | None = None,
    *,
    lr: float = 1e-2,
    eps: float = 1e-8,
):
    s = np.zeros_like(w) if state is None else state
    s = s + dw * dw
    return w - lr * dw / (np.sqrt(s) + eps), s
