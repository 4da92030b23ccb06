"""Classic mistakes of the Minkowski distance."""

import math

import numpy as np

from nnspec.reference import minkowski_distance
from nnspec.spec_tests._known import mistake


class MistakesOfMinkowskiDistance:
    @mistake("M01", replaces="minkowski_distance")
    def root_forgotten(xq, xt, *, p=2.0):
        """Take the p-th root of the sum."""
        d = minkowski_distance(xq, xt, p=p)
        with np.errstate(over="ignore", under="ignore"):
            return d if p == math.inf else d**p

    @mistake("M01", replaces="minkowski_distance")
    def square_root_always(xq, xt, *, p=2.0):
        """Take the p-th root: the square root is that of p = 2."""
        d = minkowski_distance(xq, xt, p=p)
        with np.errstate(over="ignore", under="ignore"):
            return d if p == math.inf else d ** (p / 2)

    @mistake("M02", replaces="minkowski_distance")
    def summed_over_everything(xq, xt, *, p=2.0):
        """Sum over the features only, not over the whole array."""
        if p == math.inf:
            return minkowski_distance(xq, xt, p=p)
        with np.errstate(over="ignore", under="ignore"):
            rows = [(abs(xt - query) ** p).sum() ** (1 / p) + np.zeros(len(xt), xt.dtype) for query in xq]
        return np.array(rows).reshape(len(xq), len(xt))

    @mistake("M02", replaces="minkowski_distance")
    def rows_and_columns_swapped(xq, xt, *, p=2.0):
        """A row for each query, a column for each training point."""
        return minkowski_distance(xt, xq, p=p)

    @mistake("M04", replaces="minkowski_distance")
    def uint8_wraps(xq, xt, *, p=2.0):
        """Convert integer images to float first: uint8 arithmetic wraps at 256."""
        difference = abs(xq[:, None] - xt[None]).reshape(-1, xq.shape[1])
        return minkowski_distance(difference, 0 * xt[:1], p=p).reshape(len(xq), len(xt)) if len(xt) else difference

    @mistake("N1587", replaces="minkowski_distance")
    def p_ignored(xq, xt, *, p=2.0):
        """Use the p that is given; 2 is only its default."""
        return minkowski_distance(xq, xt)

    @mistake("N1587", replaces="minkowski_distance")
    def signs_kept(xq, xt, *, p=2.0):
        """Take the size of each difference: with an odd p they cancel."""
        if p == math.inf:
            return (xq[:, None] - xt[None]).max(axis=2, initial=0)
        with np.errstate(all="ignore"):
            return ((1.0 * xq[:, None] - xt[None]) ** p).sum(axis=2) ** (1 / p)

    @mistake("N1587", replaces="minkowski_distance")
    def mean_for_the_sum(xq, xt, *, p=2.0):
        """Sum over the features: the distance grows with how many there are."""
        d = minkowski_distance(xq, xt, p=p)
        return d / max(xq.shape[1], 1) ** (1 / p)

    @mistake("N1588", replaces="minkowski_distance")
    def infinity_to_the_power(xq, xt, *, p=2.0):
        """For p = inf take the largest difference: powers of infinity are 0, 1 or infinite."""
        with np.errstate(all="ignore"):
            return (abs(1.0 * xq[:, None] - xt[None]) ** p).sum(axis=2) ** (1 / p)

    @mistake("N1588", replaces="minkowski_distance")
    def smallest_for_infinity(xq, xt, *, p=2.0):
        """p = inf is the largest difference; the smallest one is that of minus infinity."""
        if p < math.inf:
            return minkowski_distance(xq, xt, p=p)
        return abs(1.0 * xq[:, None] - xt[None]).min(axis=2, initial=math.inf).astype(xq.dtype)

    @mistake("N1588", replaces="minkowski_distance")
    def powers_overflow(xq, xt, *, p=2.0):
        """Divide by the largest difference before the power, and multiply after the root: else powers overflow."""
        with np.errstate(all="ignore"):
            powers = (abs(xq[:, None] - xt[None]) ** p if p < math.inf else xq[:, None]).sum(axis=2)
        return minkowski_distance(xq, xt, p=p) if p == math.inf or xq.dtype.kind != "f" else powers ** (1 / p)
