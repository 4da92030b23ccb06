"""Softmax cross-entropy: definition, cases, laws and classic mistakes."""

from dataclasses import replace

import numpy as np

from nnspec.reference import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from nnspec.spec_tests._kinds import Case, Loss, Malformed, mistake
from nnspec.spec_tests._truth import exp, log


def class_weights(dims, dtype):
    return np.linspace(0.5, 2.0, dims["C"]).astype(dtype)


IGNORED = {"y": [2, -100, 0, -100]}


class TestSoftmaxCrossEntropy(Loss):
    rows = ("02.08",)

    cases = (
        Case("more rows than classes", {"N": 4, "C": 2}),
        Case("ignored rows", {"N": 4}, {"ignore_index": -100}, IGNORED),
        Case("ignored rows summed", {"N": 4}, {"ignore_index": -100, "reduction": "sum"}, IGNORED),
        Case("ignored rows one by one", {"N": 4}, {"ignore_index": -100, "reduction": "none"}, IGNORED),
        Case("an ignored class", {"N": 4}, {"ignore_index": 1}, {"y": [2, 1, 0, 1]}),
        Case("class 0 ignored", {"N": 4}, {"ignore_index": 0}, {"y": [2, 0, 0, 1]}),
        Case("ignored rows and class weights", {"N": 4}, {"ignore_index": -100, "weight": class_weights}, IGNORED),
        Case(
            "an ignored class has a weight", {"N": 4}, {"ignore_index": 2, "weight": class_weights}, {"y": [2, 1, 0, 1]}
        ),
        Case("a single class", {"C": 1}),
        Case("a single class, ignored rows", {"N": 3, "C": 1}, {"ignore_index": -100}, {"y": [0, -100, 0]}),
        Case("class weights", options={"weight": class_weights}),
        Case("class weights summed", options={"weight": class_weights, "reduction": "sum"}),
        Case("class weights one by one", options={"weight": class_weights, "reduction": "none"}),
    )
    extremes = (
        Case("large scores", inputs={"scores": [[1000, 0, -1000], [500, 499, -300]], "y": [2, 1]}),
        Case("rows far apart", inputs={"scores": [[1000, 999, 998.5], [-1000, -999.25, -1001]], "y": [0, 2]}),
        Case("a common offset", inputs={"scores": [[1000.5, 1001, 1000.25], [1000, 999.5, 1002]], "y": [1, 0]}),
        Case("certain and right", inputs={"scores": [[800, 0, 0], [0, 800, 0]], "y": [0, 1]}),
    )
    ties = (
        Case("equal scores", inputs={"scores": [[1, 1, 1], [0, 0, 0]], "y": [0, 2]}),
        Case("no rows summed", {"N": 0}, {"reduction": "sum"}),
        Case("no rows one by one", {"N": 0}, {"reduction": "none"}),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("mean of no rows", "y", case=Case("", {"N": 0})),
        Malformed("mean of ignored rows", "y", lambda y: 0 * y, case=Case("", options={"ignore_index": 0})),
    )

    def definition(self, scores, y, *, reduction="mean", ignore_index=None, weight=None):
        """loss_n = -weight_y log(exp(s_ny) / sum_j exp(s_nj)), mean by weight. Bishop 2006, eq. 4.62 and 4.108."""
        share = [0 if label == ignore_index else 1 if weight is None else weight[label] for label in y]
        loss = np.array([
            w * (log(sum(exp(row))) - row[label]) if w else w for row, label, w in zip(scores, y, share, strict=True)
        ])  # fmt: skip
        return {"none": loss, "sum": sum(loss), "mean": sum(loss) / sum(share)}[reduction]

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """log sum exp(s) - s_y rounds at the size of s, and p - 1 at that of 1: of a single class all of it cancels."""
        found = super().budgets(problem, want, lenient, at_tie)
        if not lenient:
            return found
        scores, half_ulp = problem.inputs["scores"], np.finfo(problem.dtype).eps / 2
        more = {"loss": half_ulp * abs(scores).max(initial=0)}
        if problem.douts:
            more["dscores"] = half_ulp * abs(problem.douts[0]).max(initial=0) / max(1, len(scores))
        return {name: replace(b, rounding=b.rounding + more[name]) for name, b in found.items()}

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to a row of scores changes neither the loss nor the gradient."""
        moved = run(scores=problem.inputs["scores"] + problem.dtype.type(2))
        return moved["dscores"], run()["dscores"]

    def law_gradient_rows_sum_to_zero(self, run, problem):
        """sum_c dscores_nc = 0, because the probabilities of a row sum to 1."""
        dscores = run()["dscores"]
        return dscores.sum(axis=1), 0 * dscores[:, 0]

    @mistake(
        "M14", "Divide the gradient by N, as the mean does with the loss.", replaces="softmax_cross_entropy_backward"
    )
    def gradient_not_divided_by_n(dloss, cache):
        p, y, share = cache
        return softmax_cross_entropy_backward(dloss, cache) / share.max(initial=0)

    @mistake("M14", "Divide the loss by N: its gradient is that of the mean.", replaces="softmax_cross_entropy_forward")
    def loss_not_divided_by_n(scores, y):
        loss, cache = softmax_cross_entropy_forward(scores, y)
        return loss * len(y), cache

    @mistake(
        "M18",
        "Subtract the row maximum before exp: it overflows from 89 (float32) or 710 on.",
        replaces="softmax_cross_entropy_forward",
    )
    def no_max_subtracted(scores, y):
        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        return _loss_of(p, scores, y)

    @mistake(
        "M19",
        "Subtract each row's own maximum: with the global one, rows far below it become 0/0.",
        replaces="softmax_cross_entropy_forward",
    )
    def global_max_subtracted(scores, y):
        e = np.exp(scores - scores.max())
        return _loss_of(e / e.sum(axis=1, keepdims=True), scores, y)

    @mistake(
        "M20",
        "Keep the axis of the row maximum and of the row sum: (N,) against (N, C) goes along the wrong axis.",
        replaces="softmax_cross_entropy_forward",
    )
    def axis_of_the_rows_not_kept(scores, y):
        e = np.exp(scores - scores.max(axis=1))
        return _loss_of(e / e.sum(axis=1), scores, y)

    @mistake(
        "M17",
        "Normalize each row over its classes (axis 1), not each class over the batch.",
        replaces="softmax_cross_entropy_forward",
    )
    def normalized_over_the_batch(scores, y):
        e = np.exp(scores - scores.max(axis=0))
        return _loss_of(e / e.sum(axis=0), scores, y)

    @mistake(
        "M17",
        "Normalize each row by its own sum, not by that of all scores.",
        replaces="softmax_cross_entropy_forward",
    )
    def normalized_over_everything(scores, y):
        e = np.exp(scores - scores.max())
        return _loss_of(e / e.sum(), scores, y)

    @mistake(
        "M21",
        "Take log p from the shifted scores: clipping p from below caps the loss.",
        replaces="softmax_cross_entropy_forward",
    )
    def probabilities_clipped(scores, y):
        _, cache = softmax_cross_entropy_forward(scores, y)
        return -np.log(np.clip(cache[0][np.arange(len(y)), y], 1e-12, 1)).mean(), cache

    @mistake(
        "M21",
        "Take log p from the shifted scores: log(p + 1e-8) caps the loss at 18.4.",
        replaces="softmax_cross_entropy_forward",
    )
    def log_of_p_plus_epsilon(scores, y):
        _, cache = softmax_cross_entropy_forward(scores, y)
        p = cache[0]
        return -np.log(p[np.arange(len(y)), y] + scores.dtype.type(1e-8)).mean(), cache

    @mistake(
        "M22",
        "Subtract 1 from p at the true class: dscores = p - onehot(y).",
        replaces="softmax_cross_entropy_backward",
    )
    def onehot_forgotten(dloss, cache):
        p, _, share = cache
        return p * (share * dloss)[:, None]

    @mistake("M22", "Subtract 1 at the true class only, not at every class.", replaces="softmax_cross_entropy_backward")
    def one_subtracted_everywhere(dloss, cache):
        p, _, share = cache
        return (p - 1) * (share * dloss)[:, None]

    @mistake(
        "N712",
        "Multiply by the upstream gradient: the loss may be scaled, or have one for each row.",
        replaces="softmax_cross_entropy_backward",
    )
    def upstream_gradient_dropped(dloss, cache):
        return softmax_cross_entropy_backward(np.ones_like(dloss), cache)

    @mistake(
        "N713",
        "Rows that are ignored get no gradient.",
        replaces="softmax_cross_entropy_backward",
    )
    def ignored_rows_get_a_gradient(dloss, cache):
        p, _, share = cache
        dscores = softmax_cross_entropy_backward(dloss, cache)
        return np.where((share == 0)[:, None], p * share.max(initial=0), dscores)

    @mistake(
        "M23",
        "Copy p before subtracting the one-hot: a second backward finds it changed.",
        replaces="softmax_cross_entropy_backward",
    )
    def probabilities_changed_in_place(dloss, cache):
        p, y, share = cache
        p[np.arange(len(y)), y] -= 1
        return p * (share * dloss)[:, None]

    @mistake(
        "M23",
        "Shift a copy of the scores: scores -= max changes the caller's array.",
        replaces="softmax_cross_entropy_forward",
    )
    def scores_changed_in_place(scores, y):
        scores -= scores.max(axis=1, keepdims=True)
        return softmax_cross_entropy_forward(scores, y)

    @mistake(
        "M24", "Feed scores, not probabilities: softmax is part of this loss.", replaces="softmax_cross_entropy_forward"
    )
    def softmax_applied_twice(scores, y):
        _, cache = softmax_cross_entropy_forward(scores, y)
        return softmax_cross_entropy_forward(cache[0], y)

    @mistake(
        "M25",
        "Labels must be of shape (N,): with (N, 1) the index selects N x N entries.",
        replaces="softmax_cross_entropy_forward",
    )
    def labels_as_a_column(scores, y):
        loss, cache = softmax_cross_entropy_forward(scores, y)
        chosen = np.bincount(y, minlength=scores.shape[1]).astype(scores.dtype)  # N times in every row
        return -(np.log(cache[0]) @ chosen).sum() / len(y), cache

    @mistake(
        "N01", "Compare ignore_index with None: 0 is a label like any other.", replaces="softmax_cross_entropy_forward"
    )
    def ignore_index_0_overlooked(scores, y, *, reduction="mean", ignore_index=None, weight=None):
        return softmax_cross_entropy_forward(
            scores, y, reduction=reduction, ignore_index=ignore_index or None, weight=weight
        )

    @mistake("N02", "Divide the mean by what counts: rows that are ignored are no part of N.",
             replaces="softmax_cross_entropy_forward")  # fmt: skip
    def ignored_rows_counted_in_n(scores, y, *, reduction="mean", ignore_index=None, weight=None):
        loss, cache = softmax_cross_entropy_forward(
            scores, y, reduction=reduction, ignore_index=ignore_index, weight=weight
        )
        return loss * (y != ignore_index).sum() / max(1, len(y)), cache

    @mistake("N714", "With class weights the mean divides by their sum over the rows, not by N.",
             replaces="softmax_cross_entropy_forward")  # fmt: skip
    def weighted_mean_divided_by_n(scores, y, *, reduction="mean", ignore_index=None, weight=None):
        loss, cache = softmax_cross_entropy_forward(
            scores, y, reduction=reduction, ignore_index=ignore_index, weight=weight
        )
        if reduction == "mean" and weight is not None:
            loss = loss * weight[y[y != ignore_index]].mean()
        return loss, cache

    @mistake("N715", "Look at reduction: 'sum' divides by nothing, 'none' is one loss a row.",
             replaces="softmax_cross_entropy_forward")  # fmt: skip
    def always_the_mean(scores, y, *, reduction="mean", ignore_index=None, weight=None):
        return softmax_cross_entropy_forward(scores, y, ignore_index=ignore_index, weight=weight)

    @mistake("N716", "The loss is minus log p.", replaces="softmax_cross_entropy_forward")
    def sign_of_the_loss(scores, y, *, reduction="mean", ignore_index=None, weight=None):
        loss, cache = softmax_cross_entropy_forward(
            scores, y, reduction=reduction, ignore_index=ignore_index, weight=weight
        )
        return -loss, cache

    @mistake("N03", "Class weights apply to reduction='none' as well.", replaces="softmax_cross_entropy_forward")
    def weight_dropped_without_reduction(scores, y, *, reduction="mean", ignore_index=None, weight=None):
        weight = None if reduction == "none" else weight
        return softmax_cross_entropy_forward(scores, y, reduction=reduction, ignore_index=ignore_index, weight=weight)


def _loss_of(p, scores, y):
    """The loss that follows from wrong probabilities, with a cache in which they stand."""
    _, cache = softmax_cross_entropy_forward(scores, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = -np.log(p[np.arange(len(y)), y]).mean()
    return loss, cache.of((p, *cache[1:]), cache.op, [loss])
