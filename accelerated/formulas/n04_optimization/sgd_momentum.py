"""One pass: the velocity and the weight of an element are read and written once. The first step reads no velocity."""

from .._formula import elementwise


def sgd_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True, in_place=False):
    v = 0 if state is None else state
    into, out_of = (-lr, 1) if lr_in_velocity else (1, -lr)  # how much of dw there is in v, and of v in w
    return _moved(w, dw, v, mu, into, out_of, in_place=in_place)


@elementwise(outputs=2)
def _moved(w, dw, v, mu, into, out_of):
    v = mu * v + into * dw
    return w + out_of * v, v
