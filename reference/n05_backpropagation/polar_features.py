"""Polar coordinates as features: what no line parts in the plane may be parted by one of radius and angle. CS231n
lecture 3, a feature transform by hand.

    r = sqrt(x_1^2 + x_2^2)        theta = atan2(x_2, x_1), the angle from the first axis

x (N, 2)    out (N, 2): r and theta of each point

theta is above -pi and at most pi: across the negative first axis it jumps, and neighbours lie far apart. At the origin,
which has no angle, it is 0. A disc within a ring is parted by r alone; a spiral, whose angle winds
further than once, by neither.
"""

import numpy as np

from nnspec.shapes import Array, Float


def polar_features(x: Float[Array, "N 2"]):
    return np.stack([np.hypot(x[:, 0], x[:, 1]), np.arctan2(x[:, 1], x[:, 0])], axis=1)
