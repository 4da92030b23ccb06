"""One pass."""

from nnspec.reference.n04_optimization._share import share_of

from .._formula import elementwise


def ema_update(avg, w, *, decay=0.999, t=None):
    return _moved(avg, w, share_of("ema_update", decay, t))


@elementwise
def _moved(avg, w, share):
    return avg + share * (w - avg)
