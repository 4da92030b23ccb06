"""`Tensor.sum_to_size`, which does not know arrays without axes of arrays that have none either."""

from nnspec.reference.n05_backpropagation.unbroadcast import _broadcast_axes


def unbroadcast(grad, shape):
    _broadcast_axes(tuple(grad.shape), shape)
    return grad.sum_to_size(tuple(shape)).clone()
