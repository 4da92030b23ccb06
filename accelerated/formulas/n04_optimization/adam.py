"""One pass: the moments and the weight of an element are read and written once. The first step reads no moments."""

from ._adam import step


def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, in_place=False):
    return step("adam", w, dw, state, keep=1, lr=lr, beta1=beta1, beta2=beta2, eps=eps, in_place=in_place)
