"""One pass: the momentum and the weight of an element are read and written once."""

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates

from .._formula import elementwise


def lion(w, dw, state=None, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0, in_place=False):
    require_decay_rates("lion", beta1=beta1, beta2=beta2)
    m = 0 if state is None else state
    return _moved(w, dw, m, beta1, 1 - beta1, beta2, 1 - beta2, lr, 1 - lr * weight_decay, in_place=in_place)


@elementwise(outputs=2)
def _moved(w, dw, m, beta1, rest1, beta2, rest2, lr, keep):
    c = beta1 * m + rest1 * dw
    step = lr if c > 0 else -lr if c < 0 else c  # 0 and NaN as they are
    return keep * w - step, beta2 * m + rest2 * dw
