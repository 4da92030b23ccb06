"""One pass: the moments and the weight of an element are read and written once. The first step reads no moments."""

import math

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates

from .._formula import elementwise, sqrt


def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    require_decay_rates("adam", beta1=beta1, beta2=beta2)
    m, v, t = (0, 0, 0) if state is None else state
    t = t + 1
    step, root_scale = lr / (1 - beta1**t), 1 / math.sqrt(1 - beta2**t)
    w, m, v = _moved(w, dw, m, v, beta1, 1 - beta1, beta2, 1 - beta2, step, root_scale, eps)
    return w, (m, v, t)


@elementwise(outputs=3)
def _moved(w, dw, m, v, beta1, rest1, beta2, rest2, step, root_scale, eps):
    m = beta1 * m + rest1 * dw
    v = beta2 * v + rest2 * dw * dw
    return w - step * m / (sqrt(v) * root_scale + eps), m, v
