"""One pass over the elements, forward and backward."""

from .._formula import elementwise, like


def soft_threshold_forward(x, *, lam=0.5):
    if not lam >= 0:
        raise ValueError(f"soft_threshold_forward: lam must not be negative, got {lam}")
    return _shrunk(x, lam), (x, lam)


def soft_threshold_backward(dout, cache):
    x, lam = cache
    return _slope(x, dout, lam)


@elementwise
def _shrunk(x, lam):
    return x - lam if x > lam else x + lam if x < -lam else x - x  # 0, or NaN


@elementwise
def _slope(x, dout, lam):
    return dout if abs(x) > lam else like(x, 0)
