"""`nnspec demo loss_slices`: pieces that are flat, kinks of one image, and bowls that are convex."""

import numpy as np

from nnspec import reference
from nnspec.demos.gallery.loss_slices import MANY, panels

BENT = 1e-9  # a second difference that is more than rounding


def bends(line):
    return np.diff(line, 2)


def test_of_one_image_there_are_few_kinks_and_of_many_there_are_many():
    lines = panels(reference)[0].curves
    one, many = ((bends(line) > BENT).sum() for line in (lines["1 image"], lines[f"{MANY} images"]))
    assert 2 <= one <= 2 * 9 < 100 < many  # each of nine margins closes or opens once, in one step or between two


def test_kinks_of_many_are_small():
    lines = panels(reference)[0].curves
    one, many = (bends(line).max() for line in (lines["1 image"], lines[f"{MANY} images"]))
    assert many < 0.3 * one


def test_they_are_convex_along_every_line_of_the_plane():
    _, *planes = panels(reference)
    for plane in planes:
        for lines in (plane.values, plane.values.T):
            assert bends(lines).min() > -BENT
        assert np.diff(np.diagonal(plane.values), 2).min() > -BENT


def test_the_middle_row_of_the_plane_is_the_line():
    line, *planes = panels(reference)
    for plane in planes:
        row = plane.values[len(plane.values) // 2]  # b = 0, a across
        along = np.interp(np.linspace(*plane.extent[:2], len(row)), line.at, line.curves[plane.title])
        np.testing.assert_allclose(row, along, atol=0.05 * row.max())
