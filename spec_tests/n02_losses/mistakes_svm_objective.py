"""Classic mistakes of the objective of a linear SVM."""

import numpy as np

from nnspec.reference import svm_loss_backward, svm_loss_forward, svm_objective
from nnspec.spec_tests._known import mistake


class MistakesOfSvmObjective:
    @mistake("M14", replaces="svm_objective")
    def gradient_not_divided_by_n(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """Divide the gradient by N, as the mean does with the loss."""
        loss, dw = svm_objective(w, x, y, reg=reg, delta=delta, bias_row=bias_row, ops=ops)
        _, of_data = svm_objective(w, x, y, delta=delta, ops=ops)
        return loss, dw + (len(y) - 1) * of_data

    @mistake("M14", replaces="svm_objective")
    def loss_not_divided_by_n(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """Divide the loss by N: its gradient is that of the mean."""
        loss, dw = svm_objective(w, x, y, reg=reg, delta=delta, bias_row=bias_row, ops=ops)
        of_data, _ = svm_objective(w, x, y, delta=delta, ops=ops)
        return loss + (len(y) - 1) * of_data, dw

    @mistake("M15", replaces="svm_objective")
    def gradient_of_half_the_penalty(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """The gradient of reg sum w^2 is 2 reg w: without a half in the loss the 2 stays."""
        loss, _ = svm_objective(w, x, y, reg=reg, delta=delta, bias_row=bias_row, ops=ops)
        return loss, svm_objective(w, x, y, reg=reg / 2, delta=delta, bias_row=bias_row, ops=ops)[1]

    @mistake("M15", replaces="svm_objective")
    def penalty_halved_in_the_loss(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """The loss has reg sum w^2 without a half, as its gradient 2 reg w has."""
        _, dw = svm_objective(w, x, y, reg=reg, delta=delta, bias_row=bias_row, ops=ops)
        return svm_objective(w, x, y, reg=reg / 2, delta=delta, bias_row=bias_row, ops=ops)[0], dw

    @mistake("N883", replaces="svm_objective")
    def penalty_not_in_the_gradient(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """The penalty has a gradient as well: add 2 reg w to dw."""
        loss, _ = svm_objective(w, x, y, reg=reg, delta=delta, bias_row=bias_row, ops=ops)
        return loss, svm_objective(w, x, y, delta=delta, ops=ops)[1]

    @mistake("N883", replaces="svm_objective")
    def penalty_divided_by_n(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """Add the penalty after the mean: it belongs to the weights, not to each sample."""
        return svm_objective(w, x, y, reg=reg / max(1, len(y)), delta=delta, bias_row=bias_row, ops=ops)

    @mistake("M28", replaces="svm_objective")
    def bias_row_penalized(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """With bias_row the last row of w is a bias, and free: leave it out of the penalty."""
        return svm_objective(w, x, y, reg=reg, delta=delta, ops=ops)

    @mistake("M11", replaces="svm_objective")
    def first_row_for_the_bias(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """The bias is the last row, as the ones are the last column: penalize all before it."""
        loss, dw = svm_objective(w, x, y, delta=delta, ops=ops)
        free = int(bias_row)
        slope = 2 * reg * w
        slope[:free] = 0
        return loss + reg * (w[free:] ** 2).sum(), dw + slope

    @mistake("M52", replaces="svm_objective")
    def data_mistaken_for_its_transpose(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """dw = x^T ds. With N = D the shapes also fit without the transpose."""
        loss, dw = svm_objective(w, x, y, reg=reg, delta=delta, bias_row=bias_row, ops=ops)
        if x.shape[0] != x.shape[1]:
            return loss, dw
        ds = svm_loss_backward(1.0, svm_loss_forward(x @ w, y, delta=delta)[1])
        return loss, dw - x.T @ ds + x @ ds

    @mistake("M12", replaces="svm_objective")
    def right_class_summed_too(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """Leave out j = y_n: its margin is delta, which adds delta to the loss of every sample."""
        loss, dw = svm_objective(w, x, y, reg=reg, delta=delta, bias_row=bias_row, ops=ops)
        return loss + w.dtype.type(delta), dw

    @mistake("M13", replaces="svm_objective")
    def right_class_without_gradient(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """Every active margin also pulls at the right class: its column of dw gets -x for each."""
        return _with_the_right_class(w, x, y, reg, delta, bias_row, lambda active: 0)

    @mistake("M13", replaces="svm_objective")
    def right_class_counted_once(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """The column of the right class gets -x for each active margin, not once."""
        return _with_the_right_class(w, x, y, reg, delta, bias_row, lambda active: min(active, 1))

    @mistake("M16", replaces="svm_objective", convention=True)
    def margin_of_zero_is_active(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """A margin counts where it is > 0: at exactly 0 it has no gradient."""
        loss, dw = svm_objective(w, x, y, reg=reg, delta=delta, bias_row=bias_row, ops=ops)
        at_zero = _margins(w, x, y, delta) == 0
        ds = at_zero.astype(w.dtype)
        ds[np.arange(len(y)), y] = -at_zero.sum(axis=1)
        return loss, dw + x.T @ ds / len(y)

    @mistake("M17", replaces="svm_objective")
    def largest_margin_only(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """Sum over all wrong classes: the largest margin alone is another loss, Crammer and Singer's."""
        loss, dw = svm_objective(w, x, y, reg=reg, delta=delta, bias_row=bias_row, ops=ops)
        margins = np.maximum(_margins(w, x, y, delta), 0)
        return loss - (margins.sum(axis=1) - margins.max(axis=1)).mean(), dw

    @mistake("N884", replaces="svm_objective")
    def delta_fixed(w, x, y, *, reg=0.0, delta=1.0, bias_row=False, ops=None):
        """Use the delta that is given; 1 is only its default."""
        return svm_objective(w, x, y, reg=reg, bias_row=bias_row, ops=ops)


def _margins(w, x, y, delta):
    """(N, C), -inf at the right class."""
    s, rows = x @ w, np.arange(len(y))
    margins = s - s[rows, y][:, None] + w.dtype.type(delta)
    margins[rows, y] = -np.inf
    return margins


def _with_the_right_class(w, x, y, reg, delta, bias_row, pulled):
    """The gradient with another weight of x in the column of the right class."""
    loss, dw = svm_objective(w, x, y, reg=reg, delta=delta, bias_row=bias_row)
    active = (_margins(w, x, y, delta) > 0).sum(axis=1)
    dw = dw.copy()
    for n, label in enumerate(y):
        dw[:, label] += x[n] * w.dtype.type(active[n] - pulled(active[n])) / len(y)
    return loss, dw
