"""One pass: both averages and the weight of an element are read and written once. The first step reads no averages."""

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates

from .._formula import elementwise, sqrt


def adadelta(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-6, in_place=False):
    require_decay_rates("adadelta", rho=rho)
    s, d = (0, 0) if state is None else state
    w, s, d = _moved(w, dw, s, d, rho, 1 - rho, lr, eps, in_place=in_place)
    return w, (s, d)


@elementwise(outputs=3)
def _moved(w, dw, s, d, rho, rest, lr, eps):
    s = rho * s + rest * dw * dw
    u = sqrt(d + eps) / sqrt(s + eps) * dw
    return w - lr * u, s, rho * d + rest * u * u
