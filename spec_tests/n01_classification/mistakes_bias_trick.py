"""Classic mistakes of the bias trick."""

import numpy as np

from nnspec.reference import append_ones, fold_bias
from nnspec.spec_tests._known import mistake


class MistakesOfAppendOnes:
    @mistake("M11", replaces="append_ones")
    def ones_in_front(x):
        """The ones go into the last column, where the bias is the last row of the weights."""
        return append_ones(x[:, ::-1])[:, ::-1].copy()

    @mistake("M11", replaces="append_ones")
    def a_row_of_ones(x):
        """Every sample gets a one: a column, axis 1, not another sample."""
        return np.concatenate([x, np.ones((1, x.shape[1]), x.dtype)])

    @mistake("M11", replaces="append_ones")
    def zeros_appended(x):
        """Append ones: with zeros the bias is never added."""
        return append_ones(x) * (np.arange(x.shape[1] + 1) < x.shape[1])

    @mistake("N881", replaces="append_ones")
    def promoted_to_float64(x):
        """Make the ones in the dtype of x: np.ones alone is float64, and so is then everything."""
        return np.concatenate([x, np.ones((len(x), 1))], axis=1)

    @mistake("N881", replaces="append_ones")
    def ones_in_place_of_the_last_feature(x):
        """Add a column: the last feature is still needed."""
        out = append_ones(x)
        out[:, -2:-1] = 1
        return out

    @mistake("M11", replaces="append_ones_backward")
    def first_column_dropped(dout, x):
        """The ones stood in the last column: drop the last column of dout."""
        return dout[:, 1:].copy()

    @mistake("M11", replaces="append_ones_backward")
    def gradient_of_the_ones_kept(dout, x):
        """dx has the shape of x: the ones are constant and have no gradient."""
        return dout.copy()

    @mistake("N881", replaces="append_ones_backward")
    def a_view_of_dout(dout, x):
        """Return a copy: a view of dout changes with it."""
        return dout[:, : x.shape[1]]


class MistakesOfFoldBias:
    @mistake("M11", replaces="fold_bias")
    def bias_in_front(w, b):
        """The bias is the last row, as the ones are the last column."""
        return np.concatenate([b[None], w])

    @mistake("M11", replaces="fold_bias")
    def bias_as_a_column(w, b):
        """There is a bias for each class: it is a row, and fits as a column only where D = C."""
        return np.concatenate([w, b[:, None]], axis=1) if len(w) == len(b) else fold_bias(w, b)

    @mistake("N882", replaces="fold_bias")
    def bias_added_to_the_last_row(w, b):
        """The weights get a row more: w[-1] += b changes a weight."""
        out = fold_bias(w, b)
        out[-2:-1] += b
        return out
