"""What several demonstrations compute."""

from collections.abc import Callable

import numpy as np

from nnspec.demos.panels import Extent, Regions


def places(extent: Extent, size: int) -> np.ndarray:
    """A grid over a part of the plane, (size, size, 2), row by row from the lowest y up."""
    x, y = np.meshgrid(np.linspace(*extent[:2], size), np.linspace(*extent[2:], size))
    return np.stack([x, y], axis=-1)


def labels_of(scores: Callable, extent: Extent, size: int) -> np.ndarray:
    """The class of each place: scores gives (N, C) for points (N, 2)."""
    return scores(places(extent, size).reshape(-1, 2)).argmax(axis=1).reshape(size, size)


def classified(ops, name: str, scores: Callable, x, y, extent: Extent, size: int, **axes) -> Regions:
    """The regions of a classifier, with how many points (x, y) it has right in the title."""
    right = float(ops.accuracy(scores(x).argmax(axis=1), y))
    return Regions(f"{name}: {100 * right:.0f} % right", labels_of(scores, extent, size), extent, x, y, **axes)


def descended(ops, params: dict, loss_and_grads: Callable, *, lr: float, steps: int) -> tuple[dict, list[float]]:
    """Plain descent of a network: its parameters at the end, and the loss before every step."""
    losses = []
    for _ in range(steps):
        loss, grads = loss_and_grads(params)
        params = {name: ops.sgd(value, grads[name], lr=lr)[0] for name, value in params.items()}
        losses.append(float(loss))
    return params, losses


def smallest_lead(scores, y) -> float:
    """By how much the right score is above the best of the others, where that is least."""
    right = scores[np.arange(len(y)), y]
    others = np.where(np.arange(scores.shape[1]) == y[:, None], -np.inf, scores)
    return (right - others.max(axis=1)).min()
