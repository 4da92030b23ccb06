"""Cosine decay with warm restarts. Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5.

    lr_t = lr_min + (lr - lr_min) / 2 (1 + cos(pi done / T_i))        T_i = T mult^i, the length of cycle i = 0, 1, …

t = 0, 1, … counts the steps, or the epochs    done: those since the last restart    T: the length of the first cycle

A restart begins with the full rate again: at t = T, then mult T later, and so on. lr_min itself is not reached, because
the step that would have it is the first one of the next cycle.
"""

from nnspec.reference.n04_optimization.cosine_decay import cosine_decay
from nnspec.shapes import Between


def sgdr(t: Between[0, None], T: Between[1, None], lr: float, *, mult: Between[1, None] = 1, lr_min: float = 0.0):
    done, length = t, T
    for _ in range(t):  # there are no more restarts than steps
        if done < length:
            break
        done, length = done - length, mult * length
    return cosine_decay(done, length, lr, lr_min=lr_min)
