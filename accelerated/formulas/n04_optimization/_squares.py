"""The step that AdaGrad and RMSProp share: they differ in what is kept of the old squares."""

from .._formula import elementwise, sqrt


@elementwise(outputs=2)
def moved(w, dw, s, kept, new, lr, eps):
    s = kept * s + new * dw * dw
    return w - lr * dw / (sqrt(s) + eps), s
