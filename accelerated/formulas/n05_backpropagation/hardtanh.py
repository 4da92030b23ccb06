"""One pass over the elements, forward and backward."""

from .._formula import elementwise, like


def hardtanh_forward(x, *, low=-1.0, high=1.0):
    if not low <= high:
        raise ValueError(f"hardtanh_forward: low must be at most high = {high}, got {low}")
    return _clipped(x, low, high), (x, low, high)


def hardtanh_backward(dout, cache):
    x, low, high = cache
    return _gated(x, dout, low, high)


@elementwise
def _clipped(x, low, high):
    return low if x < low else (high if x > high else x)  # in this order NaN stays NaN


@elementwise
def _gated(x, dout, low, high):
    return dout if low < x and x < high else like(x, 0)
