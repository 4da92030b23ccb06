"""One-cycle schedule: to a high rate and far down again. Smith and Topin 2018, arXiv:1708.07120; PyTorch, `OneCycleLR`.

    from lr / start up to lr in the first part, then down to lr / (start end), each along half a cosine

t = 0, 1, … T - 1 counts the steps of the whole run    up: the share of it after which the rate is highest

As in PyTorch, the rate is highest at t = up T - 1, which may lie between two steps, and lowest at the last step, where
it stays. The high rate in between regularizes; the run has to be planned as a whole.
"""

import math

from nnspec.shapes import Between


def one_cycle(
    t: Between[0, None], T: Between[2, None], lr: float, *, up: float = 0.3, start: float = 25.0, end: float = 1e4
):
    if not 1 < up * T < T:
        raise ValueError(f"one_cycle: up must lie between 1 / T and 1, got {up} for T = {T}")
    low, top = lr / start, up * T - 1
    if t <= top:
        return _along(low, lr, t / top)
    return _along(lr, low / end, min((t - top) / (T - 1 - top), 1))


def _along(first, last, done):
    return last + (first - last) / 2 * (1 + math.cos(math.pi * done))
