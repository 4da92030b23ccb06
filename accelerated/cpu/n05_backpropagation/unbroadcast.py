"""A sum over axes, like `reduce_sum`; where nothing was broadcast, a copy."""

from nnspec.accelerated.cpu._reduce import middle, summed
from nnspec.reference.n05_backpropagation.unbroadcast import _broadcast_axes


def unbroadcast(grad, shape):
    axes = _broadcast_axes(grad.shape, shape)
    return summed(middle(grad, axes)).reshape(shape) if axes else grad.copy(order="C")
