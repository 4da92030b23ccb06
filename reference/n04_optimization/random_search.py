"""Search without a gradient: the first two strategies of the course. CS231n notes "Optimization".

    random_search          w = scale N(0, 1), drawn anew n times; the best one is kept
    random_local_search    w + step N(0, 1) around the best one so far, n times; kept where its loss is lower

loss: a function of w, which is a float64 array of this shape    losses: of each w that was looked at, in order

Only a loss that is lower replaces the best, so the first of equals stays; NaN is never lower. Both are far behind
a step along the gradient, which is what they are there to show.
"""

from collections.abc import Callable, Sequence

import numpy as np

from nnspec.shapes import Between


def random_search(
    loss: Callable, shape: Sequence[int], n: Between[1, None], *, scale: float = 1e-3, rng: np.random.Generator
):
    """(w, losses) of n draws."""
    return _best("random_search", loss, n, lambda best: scale * rng.standard_normal(shape))


def random_local_search(
    loss: Callable,
    shape: Sequence[int],
    n: Between[1, None],
    *,
    scale: float = 1e-3,
    step: float = 1e-4,
    rng: np.random.Generator,
):
    """(w, losses) of a first draw and n steps from there."""

    def proposed(best):
        return (scale if best is None else step) * rng.standard_normal(shape) + (0 if best is None else best)

    return _best("random_local_search", loss, n + 1, proposed)


def _best(op, loss, n, proposed):
    best, lowest, losses = None, np.inf, []
    for _ in range(n):
        w = proposed(best)
        value = float(loss(w.copy()))  # whatever loss does to it
        losses.append(value)
        if value < lowest:
            best, lowest = w, value
    if best is None:
        raise ValueError(f"{op}: loss must be a number below infinity at least once, and never was")
    return best, losses
