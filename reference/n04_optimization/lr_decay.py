"""Decay of the learning rate over time. CS231n notes "Neural networks", part 3, "Annealing the learning rate".

    step           lr drop^n        n = floor(t / every), or how many milestones are at most t
    exponential    lr e^(-k t)
    1/t            lr / (1 + k t)

t = 0, 1, … counts the steps or the epochs, and every, milestones and k are in the same unit

The first step has t = 0 and the full rate. A step decay drops at t = every, and not one later: `every=30, drop=0.1` is
that of residual networks by epochs, `every=1` the `lr_decay` of the assignments' solver.
"""

import math
from collections.abc import Sequence

from nnspec.shapes import Between


def step_decay(
    t: Between[0, None],
    lr: float,
    *,
    every: Between[1, None] | None = None,
    milestones: Sequence[int] | None = None,
    drop: float = 0.5,
):
    if (every is None) == (milestones is None):
        raise ValueError("step_decay: every or milestones must be given, and not both")
    drops = t // every if milestones is None else sum(t >= milestone for milestone in milestones)
    return lr * drop**drops


def exp_decay(t: Between[0, None], lr: float, k: float):
    _require_decay("exp_decay", k)
    return lr * math.exp(-k * t)


def inv_t_decay(t: Between[0, None], lr: float, k: float):
    _require_decay("inv_t_decay", k)
    return lr / (1 + k * t)


def _require_decay(op, k):
    if not k >= 0:
        raise ValueError(f"{op}: k must be at least 0, got {k}")
