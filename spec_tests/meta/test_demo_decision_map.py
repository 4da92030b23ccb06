"""`nnspec demo decision_map`: with k = 1 no training point is wrong, islands get few, ties need an even k."""

import numpy as np
from scipy import ndimage

from nnspec import reference
from nnspec.demos.gallery.decision_map import KS, panels, points, wrong


def test_one_neighbour_learns_by_heart_and_fifteen_do_better_on_new_points():
    x, y = points(np.random.default_rng(3), 40)
    new, of = points(np.random.default_rng(4), 400)
    assert [wrong(reference, x, y, k) > 0 for k in KS] == [False, True, True]
    missed = [(reference.knn_predict(x, y, new, k=k) != of).mean() for k in KS]
    assert missed[2] < missed[0] - 0.02


def test_islands_get_few_and_ties_are_shown():
    shown = panels(reference)
    parts = [sum(ndimage.label(panel.labels == c)[1] for c in range(3)) for panel in shown]
    assert parts[0] > 1.5 * parts[2]
    assert not shown[0].open.any() and shown[1].open.any()


def test_the_map_stands_upright():
    """The class whose centre is lowest rules the lowest row, which is the first one."""
    assert (panels(reference)[2].labels[0] == 2).mean() > 0.5
