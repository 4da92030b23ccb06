"""One pass."""

from .._formula import elementwise


def sgd(w, dw, state=None, *, lr=1e-2, in_place=False):
    return _moved(w, dw, lr, in_place=in_place), None


@elementwise
def _moved(w, dw, lr):
    return w - lr * dw
