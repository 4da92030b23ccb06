"""Classic mistakes of the objective of a softmax classifier."""

import numpy as np

from nnspec.reference import (
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
    softmax_forward,
    softmax_objective,
)
from nnspec.spec_tests._known import mistake


class MistakesOfSoftmaxObjective:
    @mistake("M14", replaces="softmax_objective")
    def gradient_not_divided_by_n(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """Divide the gradient by N, as the mean does with the loss."""
        loss, dw = softmax_objective(w, x, y, reg=reg, bias_row=bias_row, ops=ops)
        _, of_data = softmax_objective(w, x, y, ops=ops)
        return loss, dw + (len(y) - 1) * of_data

    @mistake("M14", replaces="softmax_objective")
    def loss_not_divided_by_n(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """Divide the loss by N: its gradient is that of the mean."""
        loss, dw = softmax_objective(w, x, y, reg=reg, bias_row=bias_row, ops=ops)
        of_data, _ = softmax_objective(w, x, y, ops=ops)
        return loss + (len(y) - 1) * of_data, dw

    @mistake("M15", replaces="softmax_objective")
    def gradient_of_half_the_penalty(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """The gradient of reg sum w^2 is 2 reg w: without a half in the loss the 2 stays."""
        loss, _ = softmax_objective(w, x, y, reg=reg, bias_row=bias_row, ops=ops)
        return loss, softmax_objective(w, x, y, reg=reg / 2, bias_row=bias_row, ops=ops)[1]

    @mistake("M15", replaces="softmax_objective")
    def penalty_halved_in_the_loss(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """The loss has reg sum w^2 without a half, as its gradient 2 reg w has."""
        _, dw = softmax_objective(w, x, y, reg=reg, bias_row=bias_row, ops=ops)
        return softmax_objective(w, x, y, reg=reg / 2, bias_row=bias_row, ops=ops)[0], dw

    @mistake("N883", replaces="softmax_objective")
    def penalty_not_in_the_gradient(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """The penalty has a gradient as well: add 2 reg w to dw."""
        loss, _ = softmax_objective(w, x, y, reg=reg, bias_row=bias_row, ops=ops)
        return loss, softmax_objective(w, x, y, ops=ops)[1]

    @mistake("N883", replaces="softmax_objective")
    def penalty_divided_by_n(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """Add the penalty after the mean: it belongs to the weights, not to each sample."""
        return softmax_objective(w, x, y, reg=reg / max(1, len(y)), bias_row=bias_row, ops=ops)

    @mistake("M28", replaces="softmax_objective")
    def bias_row_penalized(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """With bias_row the last row of w is a bias, and free: leave it out of the penalty."""
        return softmax_objective(w, x, y, reg=reg, ops=ops)

    @mistake("M11", replaces="softmax_objective")
    def first_row_for_the_bias(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """The bias is the last row, as the ones are the last column: penalize all before it."""
        loss, dw = softmax_objective(w, x, y, ops=ops)
        free = int(bias_row)
        slope = 2 * reg * w
        slope[:free] = 0
        return loss + reg * (w[free:] ** 2).sum(), dw + slope

    @mistake("M52", replaces="softmax_objective")
    def data_mistaken_for_its_transpose(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """dw = x^T ds. With N = D the shapes also fit without the transpose."""
        loss, dw = softmax_objective(w, x, y, reg=reg, bias_row=bias_row, ops=ops)
        if x.shape[0] != x.shape[1]:
            return loss, dw
        ds = softmax_cross_entropy_backward(1.0, softmax_cross_entropy_forward(x @ w, y)[1])
        return loss, dw - x.T @ ds + x @ ds

    @mistake("M18", replaces="softmax_objective")
    def no_max_subtracted(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """Subtract the largest score of each sample before exp: it overflows from 89 (float32) or 710 on."""
        e = np.exp(x @ w)
        return _of_probabilities(e / e.sum(axis=1, keepdims=True), w, x, y, reg, bias_row)

    @mistake("M19", replaces="softmax_objective")
    def global_max_subtracted(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """Subtract the largest score of each sample: with that of all, samples far below it become 0/0."""
        s = x @ w
        e = np.exp(s - s.max(initial=-np.inf))
        return _of_probabilities(e / e.sum(axis=1, keepdims=True), w, x, y, reg, bias_row)

    @mistake("M22", replaces="softmax_objective")
    def true_class_not_subtracted(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """ds is p - onehot(y): subtract 1 at the true class."""
        loss, dw = softmax_objective(w, x, y, reg=reg, bias_row=bias_row, ops=ops)
        onehot = np.eye(w.shape[1], dtype=w.dtype)[y]
        return loss, dw + x.T @ onehot / len(y)

    @mistake("M24", replaces="softmax_objective")
    def softmax_taken_twice(w, x, y, *, reg=0.0, bias_row=False, ops=None):
        """The loss takes scores: with probabilities in their place the softmax is taken twice."""
        p, _ = softmax_forward(x @ w)
        return _of_probabilities(softmax_forward(p)[0], w, x, y, reg, bias_row)


def _of_probabilities(p, w, x, y, reg, bias_row):
    """The objective and its gradient from the probabilities, right or wrong."""
    rows, penalized = np.arange(len(y)), len(w) - bias_row
    ds = p.copy()
    ds[rows, y] -= 1
    dw = x.T @ ds / len(y)
    dw[:penalized] += 2 * reg * w[:penalized]
    return -np.log(p[rows, y]).mean() + reg * (w[:penalized] ** 2).sum(), dw
