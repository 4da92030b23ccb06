"""One pass. What a step takes of the momentum and of the gradient is the same for all elements: two numbers."""

import math

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates
from nnspec.reference.n04_optimization._look_ahead import look_ahead

from .._formula import elementwise, sqrt


def nadam(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None, in_place=False):
    require_decay_rates("nadam", beta1=beta1, beta2=beta2)
    m, v, t = (0, 0, 0) if state is None else state
    t = t + 1
    of_m, of_dw = look_ahead(t, beta1, schedule)
    root_scale = 1 / math.sqrt(1 - beta2**t)
    w, m, v = _moved(
        w, dw, m, v, beta1, 1 - beta1, beta2, 1 - beta2, lr * of_m, lr * of_dw, root_scale, eps, in_place=in_place
    )
    return w, (m, v, t)


@elementwise(outputs=3)
def _moved(w, dw, m, v, beta1, rest1, beta2, rest2, along_m, along_dw, root_scale, eps):
    m = beta1 * m + rest1 * dw
    v = beta2 * v + rest2 * dw * dw
    return w - (along_m * m + along_dw * dw) / (sqrt(v) * root_scale + eps), m, v
