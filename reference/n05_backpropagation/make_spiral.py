"""The spiral: a toy task that no linear classifier solves. CS231n notes "Putting it together: minimal neural network
case study".

    of class c, for n = 0 … N - 1:    r = n / (N - 1)        t = 4 c + 4 n / (N - 1) + noise N(0, 1)
                                      x = (r sin t, r cos t)        y = c

x (N n_classes, 2), class after class    y (N n_classes,) integers    N: points of each class; of a single one r = 0

Each arm winds 4 radians about the origin, a turn being 2 pi. Of the notes' 3 arms of 100 points a linear classifier has
about half right, a network with one layer of 100 hidden units 98 %.
"""

import numpy as np

from nnspec.shapes import Between


def make_spiral(N: Between[1, None], n_classes: Between[1, None] = 3, *, noise: float = 0.2, rng: np.random.Generator):
    """(x, y)."""
    y = np.repeat(np.arange(n_classes), N)
    along = np.tile(np.linspace(0, 1, N), n_classes)  # of each arm, from the origin outwards
    t = 4 * (y + along) + noise * rng.standard_normal(len(y))
    return np.stack([along * np.sin(t), along * np.cos(t)], axis=1), y
