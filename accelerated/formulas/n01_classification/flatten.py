"""A copy, entry by entry, and another shape of it."""

from math import prod

from .._formula import elementwise


def flatten_forward(x):
    return _same(x).reshape(len(x), prod(x.shape[1:])), (x.shape,)


def flatten_backward(dout, cache):
    (shape,) = cache
    return _same(dout).reshape(shape)


@elementwise
def _same(x):
    return x
