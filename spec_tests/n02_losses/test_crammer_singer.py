"""Structured SVM loss: definition, laws and cases. Classic mistakes: mistakes_crammer_singer.py."""

from functools import reduce

import numpy as np

from nnspec.spec_tests._kinds import Case, Loss, Malformed, variant
from nnspec.spec_tests._truth import where_positive
from nnspec.spec_tests.n02_losses._margins import CASES, EXTREMES

SHARED = "PyTorch, torch.amax; JAX, jax.numpy.max"
TIED = {"scores": [[2.0, 1.5, 1.5, 1.0], [0.5, 0.5, 0.0, 0.5]], "y": [0, 2]}
NAN, INF = np.nan, np.inf


class TestCrammerSinger(Loss):
    rows = ("02.05",)
    trivial = ("C",)

    def definition(self, scores, y, *, delta=1, reduction="mean"):
        """loss_n = max(0, max_{j != y_n} s_nj - s_ny + delta). Crammer and Singer 2001, section 3."""
        others = [np.delete(row - row[label] + delta, label) for row, label in zip(scores, y, strict=True)]
        loss = np.array([positive(reduce(larger, row)) if len(row) else 0 for row in others], object)
        return {"none": loss, "sum": sum(loss), "mean": sum(loss) / len(y)}[reduction]

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to a row of scores changes neither the loss nor the gradient."""
        moved = run(scores=problem.inputs["scores"] + problem.dtype.type(2))
        return [np.append(answer["loss"], answer["dscores"]) for answer in (moved, run())]

    def law_equal_scores_cost_delta(self, run, problem):
        """Where all scores are equal a row costs delta, however many classes there are."""
        return run(scores=0 * problem.inputs["scores"])["loss"], 1

    def law_two_classes_are_an_svm(self, run, problem):
        """With one wrong class there is nothing to choose: max(0, s_other - s_right + delta)."""
        scores, y = np.array([[0.25, 1], [2, 0.5], [-1, 0.75]], problem.dtype), np.array([0, 0, 1])
        return run(scores=scores, y=y)["loss"], 1.75 / 3

    def law_only_the_closest_counts(self, run, problem):
        """What the other wrong classes score matters neither to the loss nor to the gradient."""
        near, far = (
            run(scores=np.array([[1, 1.5, behind], [behind, 2, 2.5]], problem.dtype), y=np.array([0, 1]))
            for behind in (1.25, -100)
        )
        return [np.append(answer["loss"], answer["dscores"]) for answer in (near, far)]

    def law_one_up_one_down(self, run, problem):
        """A row that loses pulls one score down as much as it pulls the right one up; one that does not, none."""
        scores = np.array([[1, 1.5, 0.25], [5, 0, 1], [0.5, 3, 0]], problem.dtype)
        dscores = run(scores=scores, y=np.array([0, 0, 2]))["dscores"]
        share = np.longdouble(problem.douts[0]) / 3
        return dscores, share * np.array([[-1, 1, 0], [0, 0, 0], [0, 1, -1]])

    cases = CASES
    extremes = EXTREMES
    ties = (
        Case("margin exactly 0", inputs={"scores": [[2.0, 1.0, 0.5], [0.0, 4.0, 5.0]], "y": [0, 2]}),
        Case("several are closest", inputs=TIED),
        Case("equal scores, delta 0", delta=0.0, inputs={"scores": [[1, 1, 1], [0, 0, 0]], "y": [0, 2]}),
        Case("no rows", N=0, reduction="sum"),
        Case("infinite scores", reduction="none", inputs={"scores": [[2, -INF, 1.5], [-INF, 1, -INF]], "y": [0, 1]}),
        Case("NaN", reduction="none", inputs={"scores": [[0, NAN, 1], [2, 0, 1.5]], "y": [2, 0]}, value_only=True),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("mean of no rows", "y", N=0),
    )

    @variant("shared among those that are closest", source=SHARED, replaces="crammer_singer_backward")
    def shared_among_equals(dloss, cache):
        """Of several wrong classes that are closest, each gets an equal share of the gradient, not the first all."""
        closest, active, y, divisor = cache
        slope = (active * dloss / dloss.dtype.type(divisor))[:, None]  # (N, 1)
        rows = np.arange(len(y))
        dscores = closest * slope / np.maximum(1, closest.sum(axis=1, keepdims=True)).astype(slope.dtype)
        dscores[rows, y] -= slope[:, 0]
        return dscores


def larger(one, other):
    """Of equal ones the first."""
    return where_positive(other - one, other, one)


def positive(margin):
    return where_positive(margin, margin)
