"""One pass: the velocity and the weight of an element are read and written once, with nothing in between in memory. The
first step has no velocity to read, and to make zeros for it would cost as much as the step."""

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._jit import flat, kernel


def sgd_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
    new = [np.empty(w.shape, w.dtype) for _ in range(2)]
    inside, outside = (-lr, 1) if lr_in_velocity else (1, -lr)
    step, velocity = (_first_step, []) if state is None else (_step, [state])
    constants = map(float, (mu, inside, outside))
    step[w.size](*flat(w, dw, *velocity), *(array.reshape(-1) for array in new), *constants)
    return tuple(new)


@register_jitable(forceinline=True)
def _moved(w, dw, v, mu, inside, outside):
    cast = type(w)
    v = cast(mu) * v + cast(inside) * dw
    return w + cast(outside) * v, v


@kernel
def _step(w, dw, v, w_new, v_new, mu, inside, outside):
    for i in prange(w.size):
        w_new[i], v_new[i] = _moved(w[i], dw[i], v[i], mu, inside, outside)


@kernel
def _first_step(w, dw, w_new, v_new, mu, inside, outside):
    zero = w.dtype.type(0)
    for i in prange(w.size):
        w_new[i], v_new[i] = _moved(w[i], dw[i], zero, mu, inside, outside)
