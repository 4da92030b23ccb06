"""A sum over axes, like `reduce_sum`; where nothing was broadcast, a copy."""

from nnspec.accelerated.cuda._reduce import spread, summed
from nnspec.reference.n05_backpropagation.unbroadcast import _broadcast_axes


def unbroadcast(grad, shape):
    axes = _broadcast_axes(grad.shape, shape)
    return (summed(grad, axes) if axes else spread(grad, grad.shape, ())).reshape(tuple(shape))
