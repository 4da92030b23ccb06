"""Schedules of the learning rate by name, each stretched over a whole training."""

from collections.abc import Callable, Sequence

import numpy as np

from nnspec import reference

WARMUP = 0.02  # of all steps
PATIENCE = 2  # epochs


def _first(steps):
    """How many steps the rate rises."""
    return max(1, round(WARMUP * steps))


def _cosine(lr, steps):
    """Up over the first steps, and down along a cosine to a tenth."""
    first = _first(steps)
    down = max(1, steps - first)
    return reference.warmup(lambda t: reference.cosine_decay(t, down, lr, lr_min=lr / 10), steps=first)


def _noam(lr, steps):
    """Its largest rate is lr; the width of a model would set it otherwise."""
    first = _first(steps)
    return lambda t: lr * reference.noam(t + 1, 1, first) / reference.noam(first, 1, first)


OF_STEPS: dict[str, Callable[[float, int], Callable[[int], float]]] = {
    "constant": lambda lr, steps: lambda t: lr,
    "cosine": _cosine,
    "exponential": lambda lr, steps: lambda t: reference.exp_decay(t, lr, np.log(10) / steps),  # to a tenth
    "inverse_time": lambda lr, steps: lambda t: reference.inv_t_decay(t, lr, 9 / steps),  # to a tenth
    "linear": lambda lr, steps: lambda t: reference.linear_decay(t, steps, lr),
    "noam": _noam,
    "one_cycle": lambda lr, steps: lambda t: reference.one_cycle(t, max(steps, 4), lr),  # its way up needs a step
    "sgdr": lambda lr, steps: lambda t: reference.sgdr(t, -(-steps // 7), lr, mult=2),  # three cycles: 1 + 2 + 4
    "step": lambda lr, steps: lambda t: reference.step_decay(t, lr, every=max(1, steps // 3), drop=0.1),
}
NAMES = (*OF_STEPS, "plateau")


def rates(name: str, lr: float, steps: int, errors: Sequence[float]) -> Callable[[int], float]:
    """The rate by step, of `steps` in all; errors: on the validation data, of each epoch so far: plateau goes by them.

    Raises ValueError for a name that is none.
    """
    if name not in NAMES:
        raise ValueError(f"train: schedule must be {', '.join(NAMES[:-1])} or {NAMES[-1]}, got {name}")
    if name != "plateau":
        return OF_STEPS[name](lr, steps)
    after, now = reference.plateau(lr, factor=0.3, patience=PATIENCE), lr
    for error in errors:
        now = after(error)
    return lambda t: now
