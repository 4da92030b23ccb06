"""One pass, that of Adam: the decay is one more factor of the weight."""

from ._adam import step


def adamw(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2, in_place=False):
    return step(
        "adamw", w, dw, state, keep=1 - lr * weight_decay, lr=lr, beta1=beta1, beta2=beta2, eps=eps, in_place=in_place
    )
