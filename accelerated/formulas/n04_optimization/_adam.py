"""The step that Adam and AdamW share."""

import math

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates

from .._formula import elementwise, sqrt


def step(op, w, dw, state, *, keep, lr, beta1, beta2, eps, in_place):
    """keep: the share of w that is left before the step."""
    require_decay_rates(op, beta1=beta1, beta2=beta2)
    m, v, t = (0, 0, 0) if state is None else state
    t = t + 1
    length, root_scale = lr / (1 - beta1**t), 1 / math.sqrt(1 - beta2**t)
    w, m, v = _moved(w, dw, m, v, keep, beta1, 1 - beta1, beta2, 1 - beta2, length, root_scale, eps, in_place=in_place)
    return w, (m, v, t)


@elementwise(outputs=3)
def _moved(w, dw, m, v, keep, beta1, rest1, beta2, rest2, length, root_scale, eps):
    m = beta1 * m + rest1 * dw
    v = beta2 * v + rest2 * dw * dw
    return keep * w - length * m / (sqrt(v) * root_scale + eps), m, v
