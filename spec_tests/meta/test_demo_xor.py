"""`nnspec demo xor`: who parts what, by how many points are right."""

import numpy as np
import pytest

from nnspec import reference
from nnspec.demos.gallery.xor import disc_points, hidden, linear, panels, xor_points


def right(scores, x, y):
    return float(reference.accuracy(scores(x).argmax(axis=1), y))


@pytest.mark.parametrize("points", [xor_points, disc_points])
def test_a_line_in_the_plane_is_not_enough(points):
    x, y = points()
    assert 0.4 < right(linear(reference, x, y), x, y) < 0.75


def test_a_hidden_layer_bends_it_around_the_corners():
    x, y = xor_points()
    assert right(hidden(reference, x, y), x, y) == 1


def test_in_polar_features_a_line_is_enough():
    x, y = disc_points()
    features = reference.polar_features(x)
    assert right(linear(reference, features, y), features, y) == 1


def test_both_classes_are_as_many():
    for x, y in (xor_points(), disc_points()):
        assert len(x) == len(y) and np.bincount(y).tolist() == [len(y) // 2] * 2


def test_the_titles_say_what_is_right():
    assert [panel.title.rpartition(": ")[2] for panel in panels(reference)][1:] == ["100 % right"] * 2
