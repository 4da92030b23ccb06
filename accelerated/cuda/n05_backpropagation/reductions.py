"""Entries are found where they stand, whatever the axes are: nothing is transposed."""

from nnspec.accelerated.cuda._formula import elementwise
from nnspec.accelerated.cuda._reduce import largest, spread, summed
from nnspec.reference.n05_backpropagation._axes import axes_of, kept, reduced
from nnspec.reference.n05_backpropagation.reductions import _count


def reduce_sum_forward(x, *, axis=None, keepdims=False):
    axes = axes_of("reduce_sum_forward", x, axis)
    return _shaped(summed(x, axes), x, axes, keepdims), (x.shape, axes)


def reduce_sum_backward(dout, cache):
    shape, axes = cache
    return spread(dout, shape, axes)


def reduce_mean_forward(x, *, axis=None, keepdims=False):
    axes = axes_of("reduce_mean_forward", x, axis)
    n = _count("reduce_mean_forward", x, axes)
    return _shaped(_share(summed(x, axes), float(n)), x, axes, keepdims), (x.shape, axes, n)


def reduce_mean_backward(dout, cache):
    shape, axes, n = cache
    return spread(dout, shape, axes, 1 / n)


def reduce_max_forward(x, *, axis=None, keepdims=False):
    axes = axes_of("reduce_max_forward", x, axis)
    _count("reduce_max_forward", x, axes)
    out, winner = largest(x, axes)
    return _shaped(out, x, axes, keepdims), (x.shape, axes, winner)


def reduce_max_backward(dout, cache):
    shape, axes, winner = cache
    return spread(dout, shape, axes, winner=winner)


def _shaped(out, x, axes, keepdims):
    return out.reshape(kept(x.shape, axes) if keepdims else reduced(x.shape, axes))


@elementwise
def _share(total, n):
    return total / n
