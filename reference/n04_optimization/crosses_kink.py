"""Whether a difference goes across a kink, where it tells nothing. CS231n notes "Neural networks", part 3, "Kinks in
the objective".

    crosses_kink = the winners at x + h e_i are not those at x - h e_i        i: index

trace: a function of x that gives the winners, of each max its argmax, of each ReLU or hinge whether it is open (x > 0):
an array, or a list, tuple or dict of them    index: of an entry of x, a number for each axis

A right gradient fails at a kink, so such an entry is left out and another one looked at. A larger tolerance would let
wrong gradients pass everywhere.
"""

from collections.abc import Callable, Sequence

import numpy as np

from nnspec.reference.n04_optimization._differences import moved
from nnspec.shapes import Array, Float


def crosses_kink(trace: Callable, x: Float[Array, "*shape"], index: Sequence[int], *, h: float = 1e-5):
    if len(index) != x.ndim or any(not 0 <= i < size for i, size in zip(index, x.shape, strict=True)):
        raise ValueError(f"crosses_kink: index must be one of shape {x.shape}, got {tuple(index)}")
    ahead, behind = (_arrays(trace(moved("crosses_kink", x, tuple(index), step))) for step in (h, -h))
    return len(ahead) != len(behind) or not all(map(np.array_equal, ahead, behind))


def _arrays(winners):
    """Copies of all arrays, in whatever they are nested."""
    if isinstance(winners, dict):
        winners = list(winners.values())
    if isinstance(winners, (list, tuple)):
        return [array for each in winners for array in _arrays(each)]
    return [np.array(winners)]
