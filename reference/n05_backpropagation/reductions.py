"""Sum, mean and maximum over axes. CS231n notes "Optimization-2", patterns in backward flow.

    sum    out = sum_j x_j            dx_j = dout
    mean   out = 1/n sum_j x_j        dx_j = dout / n
    max    out = max_j x_j            dx_j = dout where j is the first maximum, else 0        j over the reduced axes

x: any shape    axis: one, several, or None for all    out: x without these axes; with keepdims they stay, of size 1

A sum hands its gradient to everyone, a mean hands everyone an equal share, a maximum hands all of it to the winner. Of
equal maxima the first one wins, in the order of x, so that dx sums to dout. No axis at all, (), changes nothing. The
sum of nothing is 0; a mean and a maximum need something to be taken of.
"""

import math

import numpy as np

from nnspec.reference.n05_backpropagation._axes import axes_of, kept, reduced
from nnspec.shapes import Array, Float


def reduce_sum_forward(
    x: Float[Array, "*shape"], *, axis: "int | tuple[int, ...] | None" = None, keepdims: bool = False
):
    axes = axes_of("reduce_sum_forward", x, axis)
    return x.sum(axis=axes, keepdims=keepdims), (x.shape, axes)


def reduce_sum_backward(dout, cache):
    shape, axes = cache
    return np.broadcast_to(dout.reshape(kept(shape, axes)), shape).copy()


def reduce_mean_forward(
    x: Float[Array, "*shape"], *, axis: "int | tuple[int, ...] | None" = None, keepdims: bool = False
):
    axes = axes_of("reduce_mean_forward", x, axis)
    n = _count("reduce_mean_forward", x, axes)
    return x.sum(axis=axes, keepdims=keepdims) / n, (x.shape, axes, n)


def reduce_mean_backward(dout, cache):
    shape, axes, n = cache
    return np.broadcast_to(dout.reshape(kept(shape, axes)) / n, shape).copy()


def reduce_max_forward(
    x: Float[Array, "*shape"], *, axis: "int | tuple[int, ...] | None" = None, keepdims: bool = False
):
    axes = axes_of("reduce_max_forward", x, axis)
    n = _count("reduce_max_forward", x, axes)
    lines = _last(x, axes).reshape(*reduced(x.shape, axes), n)  # (…, n)
    winner = lines.argmax(axis=-1)[..., None]  # (…, 1) the first one
    out = np.take_along_axis(lines, winner)
    return out.reshape(kept(x.shape, axes) if keepdims else reduced(x.shape, axes)), (x, axes, winner)


def reduce_max_backward(dout, cache):
    x, axes, winner = cache
    shape, n = x.shape, _size(x.shape, axes)
    dlines = np.zeros((*reduced(shape, axes), n), dout.dtype)  # (…, n)
    np.put_along_axis(dlines, winner, dout.reshape(winner.shape), axis=-1)
    dlast = dlines.reshape(reduced(shape, axes) + tuple(shape[a] for a in axes))
    return np.moveaxis(dlast, range(-len(axes), 0), axes)


def _count(op, x, axes):
    """How many entries go into one of out."""
    n = _size(x.shape, axes)
    if n == 0:
        raise ValueError(f"{op}: x must hold something along axis {axes}, got shape {x.shape}")
    return n


def _size(shape, axes):
    return math.prod(shape[a] for a in axes)


def _last(x, axes):
    """x with these axes behind the others, in their order."""
    return np.moveaxis(x, axes, range(-len(axes), 0))
