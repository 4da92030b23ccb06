"""One pass: the moments and the weight of an element are read and written once, with nothing in between in memory. The
first step has no moments to read, and to make zeros for it would cost as much as the step."""

import math

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._jit import flat, kernel
from nnspec.reference.n04_optimization._decay_rates import require_decay_rates


def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    require_decay_rates("adam", beta1=beta1, beta2=beta2)
    *moments, t = (0,) if state is None else state
    t = t + 1
    new = [np.empty(w.shape, w.dtype) for _ in range(3)]
    constants = (lr / (1 - beta1**t), 1 / math.sqrt(1 - beta2**t), beta1, beta2, eps)
    step = _step if moments else _first_step
    step[w.size](*flat(w, dw, *moments), *(array.reshape(-1) for array in new), *map(float, constants))
    w, m, v = new
    return w, (m, v, t)


@register_jitable(forceinline=True)
def _moved(w, dw, m, v, step, root_scale, beta1, beta2, eps):
    cast = type(w)
    m = cast(beta1) * m + cast(1 - beta1) * dw
    v = cast(beta2) * v + cast(1 - beta2) * dw * dw
    return w - cast(step) * m / (math.sqrt(v) * cast(root_scale) + cast(eps)), m, v


@kernel
def _step(w, dw, m, v, w_new, m_new, v_new, step, root_scale, beta1, beta2, eps):
    for i in prange(w.size):
        w_new[i], m_new[i], v_new[i] = _moved(w[i], dw[i], m[i], v[i], step, root_scale, beta1, beta2, eps)


@kernel
def _first_step(w, dw, w_new, m_new, v_new, step, root_scale, beta1, beta2, eps):
    zero = w.dtype.type(0)
    for i in prange(w.size):
        w_new[i], m_new[i], v_new[i] = _moved(w[i], dw[i], zero, zero, step, root_scale, beta1, beta2, eps)
