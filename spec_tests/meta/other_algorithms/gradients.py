"""What goes with gradient checks, in other ways: with more digits inside, in order of size."""

import numpy as np


def rel_error(a, b, *, floor=1e-8):
    """In extended precision, and the last one after sorting."""
    if not floor > 0:
        raise ValueError("rel_error: floor must be above 0")
    wide, other = a.astype(np.longdouble).ravel(), b.astype(np.longdouble).ravel()
    size = np.clip(abs(wide) + abs(other), floor, None)
    with np.errstate(invalid="ignore"):
        off = abs(wide / size - other / size)
    off[np.isnan(off)] = np.inf
    return a.dtype.type(np.sort(off)[-1] if off.size else 0)
