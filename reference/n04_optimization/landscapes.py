"""Functions of two weights that optimisers are compared on, each with its gradient. CS231n lecture 3, three problems of
SGD; notes "Neural networks", part 3, animations; Rosenbrock 1960.

    quadratic          f = (w_1^2 + kappa w_2^2) / 2                 a valley, kappa times as steep across as along it
    rosenbrock         f = (a - w_1)^2 + b (w_2 - w_1^2)^2           a bent one, with its minimum 0 at (a, a^2)
    saddle             f = (w_1^2 - w_2^2) / 2                       no minimum, and no slope at 0
    noisy_quadratic    f of `quadratic`, its gradient + sigma N(0, 1) drawn anew in each call, as of a minibatch

each gives a function: f, dw = quadratic(kappa=100)(w)        w, dw (…, 2)    f (…)

Descent with rate lr stays in the valley for lr < 2 / kappa, and then takes about kappa steps along it. From the axis
w_2 = 0 of the saddle it never leaves: the slope there is exactly 0.
"""

import numpy as np


def quadratic(*, kappa: float = 100.0):
    def of(w):
        x, y = _coordinates("quadratic", w)
        return (x * x + kappa * y * y) / 2, np.stack([x, kappa * y], axis=-1)

    return of


def rosenbrock(*, a: float = 1.0, b: float = 100.0):
    def of(w):
        x, y = _coordinates("rosenbrock", w)
        left, above = a - x, y - x * x
        dx, dy = -2 * left - 4 * b * above * x, 2 * b * above
        return left * left + b * above * above, np.stack([dx, dy], axis=-1)

    return of


def saddle():
    def of(w):
        x, y = _coordinates("saddle", w)
        return (x * x - y * y) / 2, np.stack([x, -y], axis=-1)

    return of


def noisy_quadratic(*, kappa: float = 100.0, sigma: float = 1.0, rng: np.random.Generator):
    exact = quadratic(kappa=kappa)

    def of(w):
        f, dw = exact(w)
        return f, dw + sigma * rng.standard_normal(dw.shape).astype(dw.dtype)

    return of


def _coordinates(op, w):
    if w.shape[-1:] != (2,):
        raise ValueError(f"{op}: w must have two entries along its last axis, got shape {w.shape}")
    return w[..., 0], w[..., 1]
