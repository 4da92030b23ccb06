"""One pass: the squares and the weight of an element are read and written once. The first step reads no squares."""

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates

from ._squares import moved


def rmsprop(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8, in_place=False):
    require_decay_rates("rmsprop", rho=rho)
    s = 0 if state is None else state
    return moved(w, dw, s, rho, 1 - rho, lr, eps, in_place=in_place)
