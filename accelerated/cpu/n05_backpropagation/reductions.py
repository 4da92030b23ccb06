"""Reduced axes that lie beside each other are one axis in the middle, over which blocks are summed or searched in
parallel, where they stand. See `_reduce.py`."""

from nnspec.accelerated.cpu._reduce import back, largest, middle, routed, spread, summed
from nnspec.reference.n05_backpropagation._axes import axes_of, kept, reduced
from nnspec.reference.n05_backpropagation.reductions import _count, _size


def reduce_sum_forward(x, *, axis=None, keepdims=False):
    axes = axes_of("reduce_sum_forward", x, axis)
    return _shaped(summed(x, axes), x, axes, keepdims), (x.shape, axes)


def reduce_sum_backward(dout, cache):
    shape, axes = cache
    return spread(dout, shape, axes)


def reduce_mean_forward(x, *, axis=None, keepdims=False):
    axes = axes_of("reduce_mean_forward", x, axis)
    n = _count("reduce_mean_forward", x, axes)
    return _shaped(summed(x, axes) / n, x, axes, keepdims), (x.shape, axes, n)


def reduce_mean_backward(dout, cache):
    shape, axes, n = cache
    return spread(dout, shape, axes, 1 / n)


def reduce_max_forward(x, *, axis=None, keepdims=False):
    axes = axes_of("reduce_max_forward", x, axis)
    _count("reduce_max_forward", x, axes)
    out, winner = largest(middle(x, axes))
    return _shaped(out.reshape(reduced(x.shape, axes)), x, axes, keepdims), (x.shape, axes, winner)


def reduce_max_backward(dout, cache):
    shape, axes, winner = cache
    return back(routed(dout.reshape(winner.shape), winner, _size(shape, axes)), shape, axes)


def _shaped(out, x, axes, keepdims):
    return out.reshape(kept(x.shape, axes)) if keepdims else out
