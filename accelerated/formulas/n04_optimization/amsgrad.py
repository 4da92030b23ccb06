"""One pass, as that of Adam, with the largest second moment beside the others."""

import math

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates

from .._formula import elementwise, sqrt


def amsgrad(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, in_place=False):
    require_decay_rates("amsgrad", beta1=beta1, beta2=beta2)
    m, v, top, t = (0, 0, 0, 0) if state is None else state
    t = t + 1
    length, root_scale = lr / (1 - beta1**t), 1 / math.sqrt(1 - beta2**t)
    w, m, v, top = _moved(
        w, dw, m, v, top, beta1, 1 - beta1, beta2, 1 - beta2, length, root_scale, eps, in_place=in_place
    )
    return w, (m, v, top, t)


@elementwise(outputs=4)
def _moved(w, dw, m, v, top, beta1, rest1, beta2, rest2, length, root_scale, eps):
    m = beta1 * m + rest1 * dw
    v = beta2 * v + rest2 * dw * dw
    top = top if v <= top else v  # in this order NaN stays NaN
    return w - length * m / (sqrt(top) * root_scale + eps), m, v, top
