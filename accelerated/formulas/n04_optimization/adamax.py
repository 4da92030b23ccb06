"""One pass: the moment, the maximum and the weight of an element are read and written once."""

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates

from .._formula import elementwise


def adamax(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, in_place=False):
    require_decay_rates("adamax", beta1=beta1, beta2=beta2)
    m, u, t = (0, 0, 0) if state is None else state
    t = t + 1
    w, m, u = _moved(w, dw, m, u, beta1, 1 - beta1, beta2, lr / (1 - beta1**t), eps, in_place=in_place)
    return w, (m, u, t)


@elementwise(outputs=3)
def _moved(w, dw, m, u, beta1, rest1, beta2, length, eps):
    m = beta1 * m + rest1 * dw
    faded, here = beta2 * u, abs(dw) + eps
    u = faded if here <= faded else here  # in this order NaN stays NaN
    return w - length * m / u, m, u
