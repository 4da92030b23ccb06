"""The gradient of what was broadcast. CS231n notes "Optimization-2", gradients for vectorized operations; NumPy,
"Broadcasting".

    out = f(broadcast x): each entry of x is used in several places, and has the sum of the gradients of all of them

grad: the gradient of x as it was broadcast    shape: that of x    unbroadcast(grad, shape): the gradient of x

An axis that x does not have was put in front of its own, one of size 1 was stretched: both are summed over. So () is
the sum of everything, and with nothing along an axis the sum is 0.
"""

from collections.abc import Sequence

from nnspec.shapes import Array, Float


def unbroadcast(grad: Float[Array, "*full"], shape: Sequence[int]):
    return grad.sum(axis=_broadcast_axes(grad.shape, shape)).reshape(shape)


def _broadcast_axes(full, shape):
    """The axes of the full shape along which an array of the other one is broadcast."""
    aligned = (1,) * (len(full) - len(shape)) + tuple(shape)
    if len(aligned) != len(full) or any(size not in (1, whole) for whole, size in zip(full, aligned, strict=True)):
        raise ValueError(f"unbroadcast: shape must broadcast to that of grad, {tuple(full)}, got {tuple(shape)}")
    return tuple(i for i, size in enumerate(aligned) if size != full[i])
