"""One pass over the elements, forward and backward."""

from .._formula import elementwise


def leaky_relu_forward(x, *, slope=0.01):
    return _leaky(x, slope), (x, slope)


def leaky_relu_backward(dout, cache):
    x, slope = cache
    return _gated(x, dout, slope)


@elementwise
def _leaky(x, slope):
    return x if x > 0 else slope * x


@elementwise
def _gated(x, dout, slope):
    return dout if x > 0 else slope * dout
