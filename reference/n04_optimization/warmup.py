"""Linear warmup of the learning rate, in front of any schedule. Goyal et al. 2017, arXiv:1706.02677, sec. 2.2.

    lr_t = start + (schedule(0) - start) (t + 1) / steps        for t < steps
    lr_t = schedule(t - steps)                                  from then on

t = 0, 1, … counts the steps    schedule: a function of t    what comes out: a function of t

The first step already moves, by 1/steps of the way from `start`, and the last one of the warmup has the rate with which
the schedule begins, which it then begins with t = 0: nothing of it is skipped.
"""

from collections.abc import Callable

from nnspec.shapes import Between


def warmup(schedule: Callable, steps: Between[0, None], *, start: float = 0.0):
    def warmed(t):
        if t < steps:
            return start + (schedule(0) - start) * (t + 1) / steps
        return schedule(t - steps)

    return warmed
