"""Classic mistakes of histograms of oriented gradients."""

import numpy as np

from nnspec.reference import hog_feature
from nnspec.spec_tests._known import mistake


def grey(im, weights=(0.299, 0.587, 0.114)):
    im = im if im.dtype.kind == "f" else im.astype(np.float64)
    return im if im.ndim == 2 else (im * np.array(weights, im.dtype)).sum(axis=2)


class MistakesOfHogFeature:
    @mistake("N1342", replaces="hog_feature")
    def mean_of_the_channels(im, *, orientations=9, cell=8, compat=False):
        """Grey is 0.299 red + 0.587 green + 0.114 blue: the eye sees green best."""
        if compat or im.ndim == 2:
            return hog_feature(im, orientations=orientations, cell=cell, compat=compat)
        return hog_feature(grey(im, (1 / 3, 1 / 3, 1 / 3)), orientations=orientations, cell=cell)

    @mistake("N1342", replaces="hog_feature")
    def weights_that_add_up_to_more(im, *, orientations=9, cell=8, compat=False):
        """Blue weighs 0.114, so that the weights add up to 1: 0.144 is a misprint of the assignment."""
        if compat or im.ndim == 2:
            return hog_feature(im, orientations=orientations, cell=cell, compat=compat)
        return hog_feature(grey(im, (0.299, 0.587, 0.144)), orientations=orientations, cell=cell)

    @mistake("M04", replaces="hog_feature")
    def differences_of_uint8(im, *, orientations=9, cell=8, compat=False):
        """Make integer images floating first: differences of uint8 wrap below 0."""
        if im.dtype != np.uint8:
            return hog_feature(im, orientations=orientations, cell=cell, compat=compat)
        wrapped = np.cumsum(np.diff(im.astype(np.uint8), axis=1, prepend=im[:, :1]), axis=1, dtype=np.float64)
        return hog_feature(wrapped, orientations=orientations, cell=cell, compat=compat)

    @mistake("N1343", replaces="hog_feature")
    def axes_swapped(im, *, orientations=9, cell=8, compat=False):
        """gx goes along the columns, gy along the rows: swapped, all angles are mirrored."""
        hist = hog_feature(im.swapaxes(0, 1).copy(), orientations=orientations, cell=cell, compat=compat)
        rows, columns = im.shape[0] // cell, im.shape[1] // cell
        first, second = (rows, columns) if compat else (columns, rows)
        return hist.reshape(first, second, orientations).swapaxes(0, 1).ravel()

    @mistake("N1343", replaces="hog_feature")
    def half_of_the_directions_lost(im, *, orientations=9, cell=8, compat=False):
        """atan2 has a whole turn: take the angle modulo 180, or gradients to the left fall into no bin."""
        lost = hog_feature(grey(im), orientations=orientations, cell=cell, compat=True)
        rows, columns = im.shape[0] // cell, im.shape[1] // cell
        turned = lost.reshape(columns, rows, orientations).swapaxes(0, 1).ravel()
        return hog_feature(im, orientations=orientations, cell=cell, compat=True) if compat else turned

    @mistake("N1344", replaces="hog_feature")
    def gradients_counted(im, *, orientations=9, cell=8, compat=False):
        """A gradient counts by its magnitude: a faint edge is not a strong one."""
        hist = hog_feature(im, orientations=orientations, cell=cell, compat=compat)
        return (hist > 0).astype(hist.dtype)

    @mistake("N1344", replaces="hog_feature")
    def magnitudes_squared(im, *, orientations=9, cell=8, compat=False):
        """The magnitude is the root of gx^2 + gy^2."""
        hist = hog_feature(im, orientations=orientations, cell=cell, compat=compat)
        return hist * hist

    @mistake("N1344", replaces="hog_feature")
    def sum_over_the_cell(im, *, orientations=9, cell=8, compat=False):
        """The mean over the cell, as of a uniform filter: divide by cell^2."""
        hist = hog_feature(im, orientations=orientations, cell=cell, compat=compat)
        return hist * hist.dtype.type(cell * cell)

    @mistake("N1345", replaces="hog_feature")
    def orientations_first(im, *, orientations=9, cell=8, compat=False):
        """Cell after cell, each with all its orientations: not one map for each orientation."""
        hist = hog_feature(im, orientations=orientations, cell=cell, compat=compat)
        return hist.reshape(-1, orientations).T.ravel()

    @mistake("N1345", replaces="hog_feature")
    def cells_column_by_column(im, *, orientations=9, cell=8, compat=False):
        """Cells are counted row by row: transposed, those of an image that is not square are mixed up."""
        hist = hog_feature(im, orientations=orientations, cell=cell, compat=compat)
        rows, columns = im.shape[0] // cell, im.shape[1] // cell
        return hist if compat else hist.reshape(rows, columns, orientations).swapaxes(0, 1).ravel()

    @mistake("N1345", replaces="hog_feature")
    def nine_orientations_always(im, *, orientations=9, cell=8, compat=False):
        """As many orientations as are asked for."""
        return hog_feature(im, cell=cell, compat=compat)

    @mistake("N1343", replaces="hog_feature")
    def differences_centred(im, *, orientations=9, cell=8, compat=False):
        """The difference to the next pixel, as in the assignment: np.gradient takes that of both neighbours."""
        x = grey(im, (0.299, 0.587, 0.144 if compat else 0.114))
        halves = (x + np.roll(x, 1, axis=1)) / 2
        return hog_feature(halves, orientations=orientations, cell=cell, compat=compat)
