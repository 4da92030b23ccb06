"""Classic mistakes of softmax cross-entropy."""

import numpy as np

from nnspec.reference import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from nnspec.spec_tests._known import mistake


class MistakesOfSoftmaxCrossEntropy:
    @mistake("M14", replaces="softmax_cross_entropy_backward")
    def gradient_not_divided_by_n(dloss, cache):
        """Divide the gradient by N, as the mean does with the loss."""
        p, y, share = cache
        return softmax_cross_entropy_backward(dloss, cache) / share.max(initial=0)

    @mistake("M14", replaces="softmax_cross_entropy_forward")
    def loss_not_divided_by_n(scores, y):
        """Divide the loss by N: its gradient is that of the mean."""
        loss, cache = softmax_cross_entropy_forward(scores, y)
        return loss * len(y), cache

    @mistake("M18", replaces="softmax_cross_entropy_forward")
    def no_max_subtracted(scores, y):
        """Subtract the row maximum before exp: it overflows from 89 (float32) or 710 on."""
        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        return _loss_of(p, scores, y)

    @mistake("M19", replaces="softmax_cross_entropy_forward")
    def global_max_subtracted(scores, y):
        """Subtract each row's own maximum: with the global one, rows far below it become 0/0."""
        e = np.exp(scores - scores.max())
        return _loss_of(e / e.sum(axis=1, keepdims=True), scores, y)

    @mistake("M20", replaces="softmax_cross_entropy_forward")
    def axis_of_the_rows_not_kept(scores, y):
        """Keep the axis of the row maximum and of the row sum: (N,) against (N, C) goes along the wrong axis."""
        e = np.exp(scores - scores.max(axis=1))
        return _loss_of(e / e.sum(axis=1), scores, y)

    @mistake("M17", replaces="softmax_cross_entropy_forward")
    def normalized_over_the_batch(scores, y):
        """Normalize each row over its classes (axis 1), not each class over the batch."""
        e = np.exp(scores - scores.max(axis=0))
        return _loss_of(e / e.sum(axis=0), scores, y)

    @mistake("M17", replaces="softmax_cross_entropy_forward")
    def normalized_over_everything(scores, y):
        """Normalize each row by its own sum, not by that of all scores."""
        e = np.exp(scores - scores.max())
        return _loss_of(e / e.sum(), scores, y)

    @mistake("M21", replaces="softmax_cross_entropy_forward")
    def probabilities_clipped(scores, y):
        """Take log p from the shifted scores: clipping p from below caps the loss."""
        _, cache = softmax_cross_entropy_forward(scores, y)
        return -np.log(np.clip(cache[0][np.arange(len(y)), y], 1e-12, 1)).mean(), cache

    @mistake("M21", replaces="softmax_cross_entropy_forward")
    def log_of_p_plus_epsilon(scores, y):
        """Take log p from the shifted scores: log(p + 1e-8) caps the loss at 18.4."""
        _, cache = softmax_cross_entropy_forward(scores, y)
        p = cache[0]
        return -np.log(p[np.arange(len(y)), y] + scores.dtype.type(1e-8)).mean(), cache

    @mistake("M22", replaces="softmax_cross_entropy_backward")
    def onehot_forgotten(dloss, cache):
        """Subtract 1 from p at the true class: dscores = p - onehot(y)."""
        p, _, share = cache
        return p * (share * dloss)[:, None]

    @mistake("M22", replaces="softmax_cross_entropy_backward")
    def one_subtracted_everywhere(dloss, cache):
        """Subtract 1 at the true class only, not at every class."""
        p, _, share = cache
        return (p - 1) * (share * dloss)[:, None]

    @mistake("N712", replaces="softmax_cross_entropy_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each row."""
        return softmax_cross_entropy_backward(np.ones_like(dloss), cache)

    @mistake("N713", replaces="softmax_cross_entropy_backward")
    def ignored_rows_get_a_gradient(dloss, cache):
        """Rows that are ignored get no gradient."""
        p, _, share = cache
        dscores = softmax_cross_entropy_backward(dloss, cache)
        return np.where((share == 0)[:, None], p * share.max(initial=0), dscores)

    @mistake("M23", replaces="softmax_cross_entropy_backward")
    def probabilities_changed_in_place(dloss, cache):
        """Copy p before subtracting the one-hot: a second backward finds it changed."""
        p, y, share = cache
        p[np.arange(len(y)), y] -= 1
        return p * (share * dloss)[:, None]

    @mistake("M23", replaces="softmax_cross_entropy_forward")
    def scores_changed_in_place(scores, y):
        """Shift a copy of the scores: scores -= max changes the caller's array."""
        scores -= scores.max(axis=1, keepdims=True)
        return softmax_cross_entropy_forward(scores, y)

    @mistake("M24", replaces="softmax_cross_entropy_forward")
    def softmax_applied_twice(scores, y):
        """Feed scores, not probabilities: softmax is part of this loss."""
        _, cache = softmax_cross_entropy_forward(scores, y)
        return softmax_cross_entropy_forward(cache[0], y)

    @mistake("M25", replaces="softmax_cross_entropy_forward")
    def labels_as_a_column(scores, y):
        """Labels must be of shape (N,): with (N, 1) the index selects N x N entries."""
        loss, cache = softmax_cross_entropy_forward(scores, y)
        chosen = np.bincount(y, minlength=scores.shape[1]).astype(scores.dtype)  # N times in every row
        return -(np.log(cache[0]) @ chosen).sum() / len(y), cache

    @mistake("N01", replaces="softmax_cross_entropy_forward")
    def ignore_index_0_overlooked(scores, y, *, reduction="mean", ignore_index=None, weight=None):
        """Compare ignore_index with None: 0 is a label like any other."""
        return softmax_cross_entropy_forward(
            scores, y, reduction=reduction, ignore_index=ignore_index or None, weight=weight
        )

    @mistake("N02", replaces="softmax_cross_entropy_forward")
    def ignored_rows_counted_in_n(scores, y, *, reduction="mean", ignore_index=None, weight=None):
        """Divide the mean by what counts: rows that are ignored are no part of N."""
        loss, cache = softmax_cross_entropy_forward(
            scores, y, reduction=reduction, ignore_index=ignore_index, weight=weight
        )
        return loss * (y != ignore_index).sum() / max(1, len(y)), cache

    @mistake("N714", replaces="softmax_cross_entropy_forward")
    def weighted_mean_divided_by_n(scores, y, *, reduction="mean", ignore_index=None, weight=None):
        """With class weights the mean divides by their sum over the rows, not by N."""
        loss, cache = softmax_cross_entropy_forward(
            scores, y, reduction=reduction, ignore_index=ignore_index, weight=weight
        )
        if reduction == "mean" and weight is not None:
            loss = loss * weight[y[y != ignore_index]].mean()
        return loss, cache

    @mistake("N715", replaces="softmax_cross_entropy_forward")
    def always_the_mean(scores, y, *, reduction="mean", ignore_index=None, weight=None):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss a row."""
        return softmax_cross_entropy_forward(scores, y, ignore_index=ignore_index, weight=weight)

    @mistake("N716", replaces="softmax_cross_entropy_forward")
    def sign_of_the_loss(scores, y, *, reduction="mean", ignore_index=None, weight=None):
        """The loss is minus log p."""
        loss, cache = softmax_cross_entropy_forward(
            scores, y, reduction=reduction, ignore_index=ignore_index, weight=weight
        )
        return -loss, cache

    @mistake("N03", replaces="softmax_cross_entropy_forward")
    def weight_dropped_without_reduction(scores, y, *, reduction="mean", ignore_index=None, weight=None):
        """Class weights apply to reduction='none' as well."""
        weight = None if reduction == "none" else weight
        return softmax_cross_entropy_forward(scores, y, reduction=reduction, ignore_index=ignore_index, weight=weight)


def _loss_of(p, scores, y):
    """The loss that follows from wrong probabilities, with a cache in which they stand."""
    _, cache = softmax_cross_entropy_forward(scores, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = -np.log(p[np.arange(len(y)), y]).mean()
    return loss, cache.of((p, *cache[1:]), cache.op, [loss])
