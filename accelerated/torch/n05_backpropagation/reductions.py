"""`sum`, `mean`, and `argmax` with `gather`: the gradient of `amax` would be split among equals."""

from math import prod

from nnspec.reference.n05_backpropagation._axes import axes_of, kept, reduced
from nnspec.reference.n05_backpropagation.reductions import _count


def reduce_sum_forward(x, *, axis=None, keepdims=False):
    axes = axes_of("reduce_sum_forward", x, axis)
    return x.sum(axes, keepdim=keepdims) if axes else x.clone()


def reduce_mean_forward(x, *, axis=None, keepdims=False):
    axes = axes_of("reduce_mean_forward", x, axis)
    _count("reduce_mean_forward", x, axes)
    return x.mean(axes, keepdim=keepdims) if axes else x.clone()


def reduce_max_forward(x, *, axis=None, keepdims=False):
    axes = axes_of("reduce_max_forward", x, axis)
    n = _count("reduce_max_forward", x, axes)
    moved = x.movedim(axes, tuple(range(-len(axes), 0))) if axes else x
    lines = moved.reshape(prod(reduced(x.shape, axes)), n)
    out = lines.gather(1, lines.argmax(dim=1, keepdim=True))
    return out.reshape(kept(x.shape, axes) if keepdims else reduced(x.shape, axes))
