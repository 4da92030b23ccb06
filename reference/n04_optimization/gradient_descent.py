"""Gradient descent on a whole function. Cauchy 1847; CS231n notes "Optimization", "Gradient descent".

    w_{t + 1} = w_t - lr gradient(w_t)        t = 0, 1, … steps - 1

w, w_t: one shape    path (steps + 1, *shape): from w_0 = w to w_steps    gradient: of all samples, no minibatch

A composite: the step is `sgd` of `ops` (None: the reference). On f = k w^2 / 2 a step multiplies w by 1 - lr k, so that
it converges as long as lr < 2 / k, for the largest curvature k there is. Beyond that the path grows, which it shows;
where it leaves the numbers, that is an error.
"""

from collections.abc import Callable

import numpy as np

from nnspec.shapes import Array, Between, Float


def gradient_descent(
    gradient: Callable, w: Float[Array, "*shape"], *, lr: float = 1e-2, steps: Between[0, None] = 100, ops=None
):
    if ops is None:
        from nnspec import reference as ops
    path = [w]
    for t in range(steps):
        w, _ = ops.sgd(w, gradient(w), lr=lr)
        if not np.isfinite(w).all():
            raise ValueError(f"gradient_descent: lr must be smaller: step {t} of {lr} left the finite numbers")
        path.append(w)
    return np.stack(path)
