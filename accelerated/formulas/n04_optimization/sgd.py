"""One pass."""

from .._formula import elementwise


def sgd(w, dw, state=None, *, lr=1e-2):
    return _moved(w, dw, lr), None


@elementwise
def _moved(w, dw, lr):
    return w - lr * dw
