"""One pass over the elements. e^x - 1 = 2 t / (1 - t) with t = tanh(x / 2): of what is negative nothing cancels."""

from nnspec.reference.n05_backpropagation.elu import SELU_ALPHA, SELU_SCALE

from .._formula import elementwise, exp, like, tanh


def elu_forward(x, *, alpha=1.0):
    return _elu(x, alpha, 1.0), (x, alpha)


def elu_backward(dout, cache):
    x, alpha = cache
    return _slope(x, dout, alpha, 1.0)


def selu_forward(x):
    return _elu(x, SELU_ALPHA, SELU_SCALE), (x,)


def selu_backward(dout, cache):
    (x,) = cache
    return _slope(x, dout, SELU_ALPHA, SELU_SCALE)


@elementwise
def _elu(x, alpha, scale):
    t = tanh(x * like(x, 0.5))
    return scale * x if x > 0 else scale * alpha * (t + t) / (like(x, 1) - t)


@elementwise
def _slope(x, dout, alpha, scale):
    return scale * dout if x > 0 else scale * alpha * exp(x) * dout
