"""Squared hinge loss: definition, laws and cases. Classic mistakes: mistakes_squared_hinge.py."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Loss, Malformed
from nnspec.spec_tests._truth import where_positive
from nnspec.spec_tests.n02_losses._margins import CASES, EXTREMES


class TestSquaredHinge(Loss):
    rows = ("02.03",)

    def definition(self, scores, y, *, delta=1, reduction="mean"):
        """loss_n = sum_{j != y_n} max(0, s_nj - s_ny + delta)^2. CS231n notes "Linear classification"."""
        margins = [np.delete(row - row[label] + delta, label) for row, label in zip(scores, y, strict=True)]
        loss = np.array([sum(where_positive(margin, margin**2)) for margin in margins], object)
        return {"none": loss, "sum": sum(loss), "mean": sum(loss) / len(y)}[reduction]

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """Whoever adds up all squares and takes away that of the right class rounds at the size of delta."""
        found = super().budgets(problem, want, lenient, at_tie)
        if not lenient:
            return found
        delta, half_ulp = problem.options.get("delta", 1.0), np.finfo(problem.dtype).eps / 2
        return found | {"loss": replace(found["loss"], rounding=found["loss"].rounding + half_ulp * delta**2)}

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to a row of scores changes neither the loss nor the gradient."""
        moved = run(scores=problem.inputs["scores"] + problem.dtype.type(2))
        return [np.append(answer["loss"], answer["dscores"]) for answer in (moved, run())]

    def law_equal_scores_cost_delta_squared_each(self, run, problem):
        """Where all scores are equal each of the C - 1 wrong classes costs delta^2."""
        problem.options = {"delta": 3.0}
        return run(scores=0 * problem.inputs["scores"])["loss"], 9 * (problem.dims["C"] - 1)

    def law_twice_as_far_costs_four_times(self, run, problem):
        """Without a margin, scores of twice the size lose four times as much and are pulled twice as much."""
        scores, problem.options = problem.inputs["scores"], {"delta": 0.0}
        twice, once = run(scores=2 * scores), run()
        return np.append(twice["loss"], twice["dscores"]), np.append(4 * once["loss"], 2 * once["dscores"])

    def law_gradient_rows_sum_to_zero(self, run, problem):
        """sum_c dscores_nc = 0, because only differences of scores count."""
        dscores = run()["dscores"]
        return dscores.sum(axis=1), 0 * dscores[:, 0]

    cases = CASES
    extremes = EXTREMES
    ties = (
        Case("margin exactly 0", inputs={"scores": [[2.0, 1.0, 3.0], [0.0, 5.0, 4.0]], "y": [0, 1]}),
        Case("no rows", N=0, reduction="sum"),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("mean of no rows", "y", N=0),
    )
