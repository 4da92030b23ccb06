"""One pass, that of plain momentum: the old velocity cancels, so that w - lr dw looks ahead by v."""

from .._formula import elementwise


def nesterov(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True, in_place=False):
    v = 0 if state is None else state
    into, ahead = (-lr, mu) if lr_in_velocity else (1, -lr * mu)  # how much of dw there is in v, and of v in w
    return _moved(w, dw, v, mu, lr, into, ahead, in_place=in_place)


@elementwise(outputs=2)
def _moved(w, dw, v, mu, lr, into, ahead):
    v = mu * v + into * dw
    return w - lr * dw + ahead * v, v
