"""What no annotation tells: that numbers are probabilities, and rows of them distributions."""

import math

SUM_TO_1 = 1e-4  # what float32 or printed digits may leave of a sum; scores and percentages are farther off


def require_probabilities(op, **arrays):
    """Each by its name. NaN is none."""
    for name, p in arrays.items():
        if not ((p >= 0) & (p <= 1)).all():
            raise ValueError(f"{op}: {name} must lie in [0, 1], got {p.min():.3g} … {p.max():.3g}")


def require_distributions(op, axis=-1, **arrays):
    """Nothing below 0, and sums of 1 along the axis, each by its name. NaN is none."""
    for name, p in arrays.items():
        if not ((p >= 0).all() and (abs(p.sum(axis=axis) - 1) <= SUM_TO_1).all()):
            raise ValueError(f"{op}: {name} must be distributions: nothing below 0, and a sum of 1 along axis {axis}")


def require_base(op, base):
    if not 1 < base < math.inf:
        raise ValueError(f"{op}: base must be above 1, got {base}")
