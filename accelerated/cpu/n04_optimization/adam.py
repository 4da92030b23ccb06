"""One pass: the moments and the weight of an element are read and written once, with nothing in between in memory."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import flat, kernel


def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, t = (np.zeros_like(w), np.zeros_like(w), 0) if state is None else state
    t = t + 1
    new = [np.empty(w.shape, w.dtype) for _ in range(3)]
    constants = (lr / (1 - beta1**t), 1 / math.sqrt(1 - beta2**t), beta1, beta2, eps)
    _update[w.size](*flat(w, dw, m, v), *(array.reshape(-1) for array in new), *map(float, constants))
    w, m, v = new
    return w, (m, v, t)


@kernel
def _update(w, dw, m, v, w_new, m_new, v_new, step, root_scale, beta1, beta2, eps):
    cast = w.dtype.type
    step, root_scale, eps = cast(step), cast(root_scale), cast(eps)
    beta1, keep1, beta2, keep2 = cast(beta1), cast(1 - beta1), cast(beta2), cast(1 - beta2)
    for i in prange(w.size):
        m_new[i] = beta1 * m[i] + keep1 * dw[i]
        v_new[i] = beta2 * v[i] + keep2 * dw[i] * dw[i]
        w_new[i] = w[i] - step * m_new[i] / (math.sqrt(v_new[i]) * root_scale + eps)
