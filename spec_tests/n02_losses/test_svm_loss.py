"""Multiclass SVM loss: definition, laws and cases. Classic mistakes: mistakes_svm_loss.py."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Loss, Malformed
from nnspec.spec_tests._truth import where_positive
from nnspec.spec_tests.n02_losses._margins import CASES, EXTREMES

AT_THE_KINK = {"scores": [[2.0, 1.0, 3.0], [0.0, 5.0, 4.0]], "y": [0, 1]}

RIGHT_BY_MORE_THAN_1 = np.array([[10.0, -2.0, 3.0], [10.0, 8.0, 8.0], [10.0, -100.0, -100.0]])


class TestSvmLoss(Loss):
    rows = ("02.01", "02.26")

    def definition(self, scores, y, *, delta=1, reduction="mean"):
        """loss_n = sum_{j != y_n} max(0, s_nj - s_ny + delta). Weston and Watkins 1999; CS231n notes."""
        margins = [np.delete(row - row[label] + delta, label) for row, label in zip(scores, y, strict=True)]
        loss = np.array([sum(where_positive(margin, margin)) for margin in margins], object)
        return {"none": loss, "sum": sum(loss), "mean": sum(loss) / len(y)}[reduction]

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """Whoever adds up all margins and takes away that of the right class, delta, rounds at the size of delta."""
        found = super().budgets(problem, want, lenient, at_tie)
        if not lenient:
            return found
        of_delta = np.finfo(problem.dtype).eps / 2 * problem.options.get("delta", 1.0)
        return found | {"loss": replace(found["loss"], rounding=found["loss"].rounding + of_delta)}

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

    def law_content_once_the_margins_hold(self, run, problem):
        """Where the right class leads by delta, loss and gradient are 0 at any larger scale: a softmax would go on."""
        scores, y = RIGHT_BY_MORE_THAN_1.astype(problem.dtype), np.zeros(3, int)
        found = [run(scores=factor * scores, y=y) for factor in (1, 2, 8)]
        return [[np.append(answer["loss"], answer["dscores"]) for answer in found], np.zeros((3, 10))]

    def law_what_is_beyond_the_margin_does_not_count(self, run, problem):
        """How far a wrong class lies behind the margin matters neither to the loss nor to the gradient."""
        near, far = (
            run(scores=np.array([[1, 0.5, behind], [0, 2, 2.5]], problem.dtype), y=np.array([0, 1]))
            for behind in (-1, -100)
        )
        return [np.append(answer["loss"], answer["dscores"]) for answer in (near, far)]

    cases = CASES
    extremes = EXTREMES
    ties = (
        Case("margin exactly 0", inputs=AT_THE_KINK),
        Case("equal scores, delta 0", delta=0.0, inputs={"scores": [[1, 1, 1], [0, 0, 0]], "y": [0, 2]}),
        Case("no rows", N=0, reduction="sum"),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("mean of no rows", "y", N=0),
    )
