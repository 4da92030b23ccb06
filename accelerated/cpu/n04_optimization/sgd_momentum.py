"""One pass: the velocity and the weight of an element are read and written once, with nothing in between in memory. The
first step has no velocity to read, and to make zeros for it would cost as much as the step."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import flat, kernel


def sgd_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
    new = [np.empty(w.shape, w.dtype) for _ in range(2)]
    inside, outside = (-lr, 1) if lr_in_velocity else (1, -lr)
    step, velocity = (_first_step, []) if state is None else (_step, [state])
    constants = map(float, (mu, inside, outside))
    step[w.size](*flat(w, dw, *velocity), *(array.reshape(-1) for array in new), *constants)
    return tuple(new)


@kernel
def _step(w, dw, v, w_new, v_new, mu, inside, outside):
    cast = w.dtype.type
    mu, inside, outside = cast(mu), cast(inside), cast(outside)
    for i in prange(w.size):
        v_new[i] = mu * v[i] + inside * dw[i]
        w_new[i] = w[i] + outside * v_new[i]


@kernel
def _first_step(w, dw, w_new, v_new, mu, inside, outside):
    cast = w.dtype.type
    still, inside, outside = cast(mu) * cast(0), cast(inside), cast(outside)
    for i in prange(w.size):
        v_new[i] = still + inside * dw[i]
        w_new[i] = w[i] + outside * v_new[i]
