"""Multiclass SVM loss: definition, cases, laws and classic mistakes."""

import numpy as np

from nnspec.reference import svm_loss_backward, svm_loss_forward
from nnspec.spec_tests._kinds import Case, Loss, Malformed, mistake
from nnspec.spec_tests._truth import where_positive

AT_THE_KINK = {"scores": [[2.0, 1.0, 3.0], [0.0, 5.0, 4.0]], "y": [0, 1]}


class TestSvmLoss(Loss):
    rows = ("02.01",)

    cases = (
        Case("more rows than classes", {"N": 4, "C": 2}),
        Case("a single class", {"N": 2, "C": 1}),
        Case("another delta", options={"delta": 2.5}),
        Case("delta 0", options={"delta": 0.0}),
        Case("another delta, one by one", options={"delta": 0.5, "reduction": "none"}),
        Case("right by a wide margin", inputs={"scores": [[9.0, 1.0, -2.0], [-3.0, 0.5, 7.0]], "y": [0, 2]}),
    )
    extremes = (
        Case("large scores", inputs={"scores": [[1000, 0, -1000], [500, 499.5, -300]], "y": [2, 1]}),
        Case("a common offset", inputs={"scores": [[1000.5, 1001, 1000.25], [1000, 999.5, 1002]], "y": [1, 0]}),
    )
    ties = (
        Case("margin exactly 0", inputs=AT_THE_KINK),
        Case("equal scores, delta 0", options={"delta": 0.0}, inputs={"scores": [[1, 1, 1], [0, 0, 0]], "y": [0, 2]}),
        Case("no rows", {"N": 0}, {"reduction": "sum"}),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("mean of no rows", "y", case=Case("", {"N": 0})),
    )

    def definition(self, scores, y, *, delta=1, reduction="mean"):
        """loss_n = sum_{j != y_n} max(0, s_nj - s_ny + delta). Weston and Watkins 1999; CS231n notes."""
        margins = [np.delete(row - row[label] + delta, label) for row, label in zip(scores, y, strict=True)]
        loss = np.array([sum(where_positive(margin, margin)) for margin in margins], object)
        return {"none": loss, "sum": sum(loss), "mean": sum(loss) / len(y)}[reduction]

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to a row of scores changes neither the loss nor the gradient."""
        moved = run(scores=problem.inputs["scores"] + problem.dtype.type(2))
        return [np.append(answer["loss"], answer["dscores"]) for answer in (moved, run())]

    def law_equal_scores_cost_c_minus_1(self, run, problem):
        """Where all scores are equal each of the C - 1 wrong classes costs delta: the first check of a training run."""
        return run(scores=0 * problem.inputs["scores"])["loss"], problem.dims["C"] - 1

    def law_gradient_rows_sum_to_zero(self, run, problem):
        """sum_c dscores_nc = 0, because only differences of scores count."""
        dscores = run()["dscores"]
        return dscores.sum(axis=1), 0 * dscores[:, 0]

    @mistake("M12", "Leave out j = y: its margin is always delta.", replaces="svm_loss_forward")
    def right_class_counted(scores, y, *, delta=1.0, reduction="mean"):
        loss, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        return loss + scores.dtype.type(delta * (len(y) if reduction == "sum" else 1)), cache

    @mistake("M12", "j = y has no part in the gradient either: count the active margins of the wrong classes.",
             replaces="svm_loss_backward")  # fmt: skip
    def right_class_counted_in_the_gradient(dloss, cache):
        active, y, divisor = cache
        counted = active.copy()
        counted[np.arange(len(y)), y] = True
        dscores = counted.astype(dloss.dtype)
        dscores[np.arange(len(y)), y] = -counted.sum(axis=1)
        return dscores * (dloss / divisor)[..., None]

    @mistake("M13", "The right class gets minus the number of active margins.", replaces="svm_loss_backward")
    def right_class_without_gradient(dloss, cache):
        _, y, _ = cache
        dscores = svm_loss_backward(dloss, cache)
        dscores[np.arange(len(y)), y] = 0
        return dscores

    @mistake("M13", "The right class gets -1 for each active margin, not -1 once.", replaces="svm_loss_backward")
    def right_class_pulled_once(dloss, cache):
        active, y, divisor = cache
        dscores = svm_loss_backward(dloss, cache)
        dscores[np.arange(len(y)), y] = -1 * active.any(axis=1) * (dloss / dloss.dtype.type(divisor))
        return dscores

    @mistake("M14", "Divide the gradient by N, as the mean does with the loss.", replaces="svm_loss_backward")
    def gradient_not_divided_by_n(dloss, cache):
        *_, divisor = cache
        return svm_loss_backward(dloss, cache) * divisor

    @mistake("M14", "Divide the loss by N: its gradient is that of the mean.", replaces="svm_loss_forward")
    def loss_not_divided_by_n(scores, y, *, delta=1.0, reduction="mean"):
        loss, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        return loss * (len(y) if reduction == "mean" else 1), cache

    @mistake(
        "M16",
        "A margin of exactly 0 is not active: the mask is > 0, not >= 0.",
        replaces="svm_loss_forward",
        convention=True,
    )
    def kink_counted_as_active(scores, y, *, delta=1.0, reduction="mean"):
        loss, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        _, y, divisor = cache
        active = scores - scores[np.arange(len(y)), y][:, None] + delta >= 0
        active[np.arange(len(y)), y] = False
        return loss, cache.of((active, y, divisor), cache.op, [loss])

    @mistake(
        "M25",
        "Labels must be of shape (N,): with (N, 1) the index selects N x N entries.",
        replaces="svm_loss_forward",
    )
    def labels_as_a_column(scores, y, *, delta=1.0, reduction="mean"):
        loss, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        np.broadcast_shapes(scores.shape, 2 * y.shape)  # N = C alone is silent; all else raises, here before it is made
        rows = np.arange(len(y))
        margins = scores - scores[rows, y[:, None]] + delta
        margins[rows, y] = 0
        return _reduced(np.maximum(margins, 0).sum(axis=1), reduction), cache

    @mistake("M23", "Work on a copy: the margins are no place to write in the caller's scores.",
             replaces="svm_loss_forward")  # fmt: skip
    def scores_changed_in_place(scores, y, *, delta=1.0, reduction="mean"):
        loss, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        scores -= scores[np.arange(len(y)), y][:, None].copy()
        return loss, cache

    @mistake("N712", "Multiply by the upstream gradient: the loss may be scaled, or have one for each row.",
             replaces="svm_loss_backward")  # fmt: skip
    def upstream_gradient_dropped(dloss, cache):
        return svm_loss_backward(np.ones_like(dloss), cache)

    @mistake("N715", "Look at reduction: 'sum' divides by nothing, 'none' is one loss a row.",
             replaces="svm_loss_forward")  # fmt: skip
    def always_the_mean(scores, y, *, delta=1.0, reduction="mean"):
        return svm_loss_forward(scores, y, delta=delta)

    @mistake("N717", "Margins enter as they are; their squares are the squared hinge (L2-SVM).",
             replaces="svm_loss_forward")  # fmt: skip
    def squared_hinge(scores, y, *, delta=1.0, reduction="mean"):
        _, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        rows = np.arange(len(y))
        margins = np.maximum(scores - scores[rows, y][:, None] + delta, 0)
        margins[rows, y] = 0
        return _reduced((margins * margins).sum(axis=1), reduction), cache

    @mistake("N55", "Sum over the wrong classes; PyTorch's MultiMarginLoss divides by C.", replaces="svm_loss_forward")
    def divided_by_c(scores, y, *, delta=1.0, reduction="mean"):
        loss, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        return loss / scores.shape[1], cache

    @mistake("N56", "Add up all wrong classes above the margin, not only the worst one.", replaces="svm_loss_forward")
    def only_the_worst_class(scores, y, *, delta=1.0, reduction="mean"):
        _, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        rows = np.arange(len(y))
        margins = scores - scores[rows, y][:, None] + delta
        margins[rows, y] = 0
        losses = np.maximum(margins.max(axis=1, initial=0), 0)
        return _reduced(losses, reduction), cache

    @mistake("N57", "Take each margin's maximum with 0 by itself: a class far below must not pay for another.",
             replaces="svm_loss_forward")  # fmt: skip
    def maximum_of_the_sum(scores, y, *, delta=1.0, reduction="mean"):
        _, cache = svm_loss_forward(scores, y, delta=delta, reduction=reduction)
        margins = scores - scores[np.arange(len(y)), y][:, None] + delta
        losses = np.maximum(margins.sum(axis=1) - delta, 0)
        return _reduced(losses, reduction), cache

    @mistake(
        "N58", "The margin is wrong minus right plus delta: s_j - s_y, not s_y - s_j.", replaces="svm_loss_forward"
    )
    def margin_turned_round(scores, y, *, delta=1.0, reduction="mean"):
        return svm_loss_forward(-scores, y, delta=delta, reduction=reduction)

    @mistake("N59", "Use the delta that is given; 1 is only its default.", replaces="svm_loss_forward")
    def delta_ignored(scores, y, *, delta=1.0, reduction="mean"):
        return svm_loss_forward(scores, y, reduction=reduction)


def _reduced(losses, reduction):
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / max(len(losses), 1)}[reduction]
