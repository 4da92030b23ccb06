"""Classic mistakes of the cosine distance."""

import numpy as np

from nnspec.reference import cosine_distance, cosine_distance_backward, l2_distance
from nnspec.spec_tests._known import mistake


class MistakesOfCosineDistance:
    @mistake("N1585", replaces="cosine_distance")
    def similarity(xq, xt):
        """Subtract it from 1: the cosine is large where points are near."""
        return 1 - cosine_distance(xq, xt)

    @mistake("N1585", replaces="cosine_distance")
    def dot_product(xq, xt):
        """Divide by both lengths: a long vector is no nearer."""
        return 1 - cast(xq) @ cast(xt).T

    @mistake("N1585", replaces="cosine_distance")
    def one_length_only(xq, xt):
        """Divide by the length of the training point, too."""
        return 1 - (1 - cosine_distance(xq, xt)) * lengths(xt)[None, :]

    @mistake("N1585", replaces="cosine_distance")
    def angle(xq, xt):
        """The distance is 1 - cos, and not the angle itself."""
        return np.arccos(np.clip(1 - cosine_distance(xq, xt), -1, 1))

    @mistake("N1585", replaces="cosine_distance")
    def halved(xq, xt):
        """It goes from 0 to 2: (1 - cos) / 2 is another convention."""
        return cosine_distance(xq, xt) / 2

    @mistake("N1585", replaces="cosine_distance")
    def of_unit_vectors(xq, xt):
        """The Euclidean distance of the unit vectors is sqrt(2 d)."""
        return np.sqrt(2 * cosine_distance(xq, xt))

    @mistake("N1585", replaces="cosine_distance")
    def absolute_cosine(xq, xt):
        """The opposite direction is at distance 2: do not take the size of the cosine."""
        return 1 - abs(1 - cosine_distance(xq, xt))

    @mistake("N1585", replaces="cosine_distance")
    def euclidean(xq, xt):
        """Compare directions: the Euclidean distance also sees lengths."""
        return l2_distance(xq, xt)

    @mistake("M02", replaces="cosine_distance")
    def lengths_swapped(xq, xt):
        """Divide rows by the lengths of the queries and columns by those of the training points, not the other way."""
        return 1 - cast(xq) @ cast(xt).T / (lengths(xq)[None, :] * lengths(xt)[:, None])

    @mistake("M02", replaces="cosine_distance")
    def length_of_the_whole_array(xq, xt):
        """Sum the squares over the features (axis 1), not over the whole array."""
        return 1 - cast(xq) @ cast(xt).T / np.sqrt((cast(xq) ** 2).sum() * (cast(xt) ** 2).sum())

    @mistake("M02", replaces="cosine_distance")
    def rows_and_columns_swapped(xq, xt):
        """A row for each query, a column for each training point."""
        return cosine_distance(xt, xq)

    @mistake("M04", replaces="cosine_distance")
    def uint8_wraps(xq, xt):
        """Convert integer images to float first: uint8 arithmetic wraps at 256."""
        return 1 - (xq @ xt.T) / (lengths(xq)[:, None] * lengths(xt))

    @mistake("M03", replaces="cosine_distance", convention=True)
    def zero_over_zero(xq, xt):
        """The zero vector is at distance 1 of everything: do not divide by its length."""
        with np.errstate(invalid="ignore", over="ignore"):
            return 1 - cast(xq) @ cast(xt).T / (lengths(xq)[:, None] * lengths(xt))

    @mistake("M03", replaces="cosine_distance")
    def below_zero(xq, xt):
        """Clip at 0: rounding leaves 1 - cos of the same direction below it, and there is no such distance."""
        d = cosine_distance(xq, xt)
        return np.where(d == 0, -np.finfo(d.dtype).eps, d)

    @mistake("N1586", replaces="cosine_distance_backward")
    def length_taken_for_constant(dd, xq, xt):
        """The length depends on the point as well: take away the part along it, which turns nothing."""
        u, v = unit(xq), unit(xt)
        return -dd @ v / safe(xq), -dd.T @ u / safe(xt)

    @mistake("N1586", replaces="cosine_distance_backward")
    def gradient_of_the_similarity(dd, xq, xt):
        """The cosine is subtracted from 1: its gradient has the other sign."""
        dxq, dxt = cosine_distance_backward(dd, xq, xt)
        return -dxq, -dxt

    @mistake("N1586", replaces="cosine_distance_backward")
    def not_divided_by_the_length(dd, xq, xt):
        """Divide by the length: a point that is far out turns slowly."""
        dxq, dxt = cosine_distance_backward(dd, xq, xt)
        return dxq * lengths(xq)[:, None], dxt * lengths(xt)[:, None]


def cast(x):
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def lengths(x):
    """(N,) as one would write it: squares may overflow."""
    with np.errstate(over="ignore"):
        return np.sqrt((cast(x) ** 2).sum(axis=1))


def safe(x):
    length = lengths(x)[:, None]
    return np.where(length > 0, length, 1)


def unit(x):
    return x / safe(x)
