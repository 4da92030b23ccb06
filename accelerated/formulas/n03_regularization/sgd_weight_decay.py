"""One pass: the decay is one more factor of the weight, and without momentum no velocity is written."""

from .._formula import elementwise


def sgd_weight_decay(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0, in_place=False):
    if mu == 0:
        return _decayed(w, dw, lr, weight_decay, in_place=in_place), None
    return _moved(w, dw, 0 if state is None else state, lr, weight_decay, mu, in_place=in_place)


@elementwise
def _decayed(w, dw, lr, weight_decay):
    return w - lr * (dw + weight_decay * w)


@elementwise(outputs=2)
def _moved(w, dw, v, lr, weight_decay, mu):
    v = mu * v - lr * (dw + weight_decay * w)
    return w + v, v
