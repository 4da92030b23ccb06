"""Gradient clipping. Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063, algorithm 1; PyTorch, `clip_grad_norm_`.

    norm = sqrt(sum of g^2 over all gradients)        g = g min(1, max_norm / (norm + eps))
    g = max(-limit, min(g, limit))                    entry by entry, clip_by_value

grads: a dict of arrays of any shapes, as a model returns it    norm: a number, that of before

All gradients together have one norm and are scaled by one number, so that the step keeps its direction; clipping by
value turns it. What is short enough stays as it is. A norm that is infinite or NaN scales by 0 or NaN: look at it
before the step.
"""

import numpy as np

from nnspec.shapes import Params


def clip_by_global_norm(grads: Params["W: N D", "b: D", ...], max_norm: float, *, eps: float = 1e-6):
    """(grads, norm): new arrays under the same keys."""
    if not max_norm >= 0:
        raise ValueError(f"clip_by_global_norm: max_norm must be at least 0, got {max_norm}")
    norm = np.sqrt(sum((g * g).sum() for g in grads.values()))
    scale = np.minimum(1, max_norm / (norm + eps))  # NaN if the norm is
    return {key: scale * g for key, g in grads.items()}, norm


def clip_by_value(grads: Params["W: N D", "b: D", ...], limit: float):
    """grads: new arrays under the same keys."""
    if not limit >= 0:
        raise ValueError(f"clip_by_value: limit must be at least 0, got {limit}")
    return {key: np.clip(g, -limit, limit) for key, g in grads.items()}
