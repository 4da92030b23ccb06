"""One pass: the velocity and the weight of an element are read and written once, with nothing in between in memory."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import flat, kernel


def sgd_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
    v = np.zeros_like(w) if state is None else state
    w_new, v_new = np.empty(w.shape, w.dtype), np.empty(w.shape, w.dtype)
    inside, outside = (-lr, 1) if lr_in_velocity else (1, -lr)
    _update[w.size](*flat(w, dw, v), w_new.reshape(-1), v_new.reshape(-1), float(mu), float(inside), float(outside))
    return w_new, v_new


@kernel
def _update(w, dw, v, w_new, v_new, mu, inside, outside):
    cast = w.dtype.type
    mu, inside, outside = cast(mu), cast(inside), cast(outside)
    for i in prange(w.size):
        v_new[i] = mu * v[i] + inside * dw[i]
        w_new[i] = w[i] + outside * v_new[i]
