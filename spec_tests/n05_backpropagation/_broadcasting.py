"""Operands that broadcast with each other."""

import numpy as np

from nnspec.spec_tests._kinds import Case


def of(*shape):
    """Draws an array of that shape, whatever the other operand has."""
    return lambda rng, _: rng.standard_normal(shape)


BROADCASTING = (
    Case("y a row", inputs={"x": of(2, 3), "y": of(3)}),
    Case("x a row", inputs={"x": of(3), "y": of(2, 3)}),
    Case("y a column", inputs={"x": of(2, 3), "y": of(2, 1)}),
    Case("a column and a row", inputs={"x": of(2, 1), "y": of(1, 3)}),
    Case("y a number", inputs={"x": of(2, 3), "y": of()}),
    Case("x a number", inputs={"x": of(), "y": of(2, 3)}),
    Case("a square and a row", inputs={"x": of(3, 3), "y": of(3)}),
    Case("three axes and one in the middle", inputs={"x": of(2, 3, 2), "y": of(3, 1)}),
)
BROADCASTING_WIDE = (
    Case("y a row, larger", inputs={"x": of(67, 5), "y": of(5)}),
    Case("y a column, larger", inputs={"x": of(5, 67), "y": of(5, 1)}),
    Case("a column and a row, larger", inputs={"x": of(65, 1), "y": of(1, 66)}),
)


def unbroadcast_as_mean(gradient, shape):
    """The mean over all uses."""
    found = last_use(gradient, shape, np.mean)
    return np.asarray(found, gradient.dtype).reshape(shape)


def last_use(gradient, shape, combine=lambda uses, axis: np.take(uses, -1, axis)):
    """What `combine` makes of the gradients of all uses, axis after axis."""
    for _ in range(gradient.ndim - len(shape)):
        gradient = combine(gradient, axis=0)
    for axis, size in enumerate(shape):
        if size == 1 and gradient.shape[axis] > 1:
            gradient = np.expand_dims(combine(gradient, axis=axis), axis)
    return gradient
