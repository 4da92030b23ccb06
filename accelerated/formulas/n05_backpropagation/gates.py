"""One pass over the elements. Operands are brought to one shape before, and gradients back to theirs after it."""

from numpy import broadcast_shapes

from .._broadcast import spread_to, unbroadcast
from .._formula import elementwise, like


def add_forward(x, y):
    return _sum(*_together(x, y)), (x.shape, y.shape)


def add_backward(dout, cache):
    x_shape, y_shape = cache
    if x_shape == y_shape:
        return _twice(dout)
    return unbroadcast(dout, x_shape), unbroadcast(dout, y_shape)


def mul_forward(x, y):
    return _product(*_together(x, y)), (x, y)


def mul_backward(dout, cache):
    x, y = cache
    dx, dy = _switched(dout, *_together(x, y))
    return _back_to(x.shape, dx), _back_to(y.shape, dy)


def maximum_forward(x, y):
    return _larger(*_together(x, y)), (x, y)


def maximum_backward(dout, cache):
    x, y = cache
    dx, dy = _routed(dout, *_together(x, y))
    return _back_to(x.shape, dx), _back_to(y.shape, dy)


def copy_forward(x):
    return *_twice(x), ()


def copy_backward(dout1, dout2, cache):
    return _sum(dout1, dout2)


def _together(x, y):
    if x.shape == y.shape:
        return x, y
    shape = broadcast_shapes(x.shape, y.shape)
    return spread_to(x, shape), spread_to(y, shape)


def _back_to(shape, grad):
    """`unbroadcast` of what nobody else has, so that it needs no copy where nothing was broadcast."""
    return grad if grad.shape == shape else unbroadcast(grad, shape)


@elementwise
def _sum(x, y):
    return x + y


@elementwise
def _product(x, y):
    return x * y


@elementwise(outputs=2)
def _switched(dout, x, y):
    return dout * y, dout * x


@elementwise
def _larger(x, y):
    return x if x >= y or x != x else y  # NaN stays NaN, of either


@elementwise(outputs=2)
def _routed(dout, x, y):
    return (dout if x >= y else like(x, 0)), (like(x, 0) if x >= y else dout)


@elementwise(outputs=2)
def _twice(x):
    return x, x
