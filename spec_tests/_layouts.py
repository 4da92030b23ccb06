"""The same numbers, laid out in memory in every way that NumPy has."""

import numpy as np


def _reversed(array):
    """A view with negative strides."""
    return np.flip(np.flip(array).copy())


def _strided(array):
    """A view of every other entry, with NaN in between for whoever walks over memory."""
    spread = np.full([2 * size for size in array.shape], np.nan, array.dtype)
    view = spread[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def _read_only(array):
    frozen = array.copy()
    frozen.flags.writeable = False
    return frozen


LAYOUTS = {"fortran": np.asfortranarray, "reversed": _reversed, "strided": _strided, "read-only": _read_only}
