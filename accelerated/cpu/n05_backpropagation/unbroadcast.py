"""A sum over axes, like `reduce_sum`; where nothing was broadcast, a copy."""

from nnspec.accelerated.cpu._reduce import summed
from nnspec.reference.n05_backpropagation.unbroadcast import _broadcast_axes


def unbroadcast(grad, shape):
    return summed(grad, _broadcast_axes(grad.shape, shape)).reshape(shape)
