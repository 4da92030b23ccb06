"""Operands that broadcast, for formulas that stand once for both targets."""

from nnspec.accelerated.cuda._reduce import spread_to
from nnspec.accelerated.cuda.n05_backpropagation.unbroadcast import unbroadcast

__all__ = ["spread_to", "unbroadcast"]
