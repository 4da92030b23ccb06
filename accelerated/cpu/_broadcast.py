"""Operands that broadcast, for formulas that stand once for both targets."""

from nnspec.accelerated.cpu._reduce import spread
from nnspec.accelerated.cpu.n05_backpropagation.unbroadcast import unbroadcast
from nnspec.reference.n05_backpropagation.unbroadcast import _broadcast_axes

__all__ = ["spread_to", "unbroadcast"]


def spread_to(x, shape):
    """x, broadcast to that shape."""
    return x if x.shape == shape else spread(x, shape, _broadcast_axes(shape, x.shape))
