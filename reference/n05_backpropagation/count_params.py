"""How many numbers a network learns. CS231n notes "Neural networks part 1", setting the number of layers.

    count = sum over the arrays of their sizes        a layer of D inputs and M units: D M weights and M biases

params: arrays of any shapes by name    tied: names of those that are another one's array, which are not counted again

The notes' examples: 3-4-2 has 20 weights and 6 biases, 26 in all; 3-4-4-1 has 32 and 9, 41.
"""

from collections.abc import Sequence

from nnspec.shapes import Params


def count_params(params: Params["W: D M", "b: M", ...], *, tied: Sequence[str] = ()):
    if isinstance(tied, str) or set(tied) - set(params):
        raise ValueError(f"count_params: tied must be keys of params, {', '.join(params)}, got {tied!r}")
    return sum(array.size for key, array in params.items() if key not in tied)
