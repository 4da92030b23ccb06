"""The objective of a linear SVM: definition, laws and cases. Classic mistakes: mistakes_svm_objective.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case
from nnspec.spec_tests._truth import named, where_positive
from nnspec.spec_tests.n02_losses._objective import LinearObjective, penalty, scaled, scored


class TestSvmObjective(LinearObjective):
    rows = ("02.02", "03.08")

    def definition(self, w, x, y, *, reg=0, delta=1, bias_row=False):
        """1/N sum_n sum_{j != y_n} max(0, s_nj - s_{n,y_n} + delta) + reg sum w^2, s = x w. CS231n, `linear_svm.py`."""
        s = named(scored(x, w))
        margins = [np.delete(row - row[label] + delta, label) for row, label in zip(s, y, strict=True)]
        return sum(sum(where_positive(margin, margin)) for margin in margins) / len(y) + penalty(w, reg, bias_row)

    def law_at_w_0_each_wrong_class_costs_delta(self, run, problem):
        """At w = 0 the loss is (C - 1) delta: the first check of a training run."""
        return run(w=0 * problem.inputs["w"])["loss"], problem.dims["C"] - 1

    def law_larger_weights_are_as_good(self, run, problem):
        """Once all margins hold, w, 2 w and 4 w lose nothing: the data do not say which one it is."""
        found = [scaled(run, problem, factor, reg=0.0) for factor in (1, 2, 4)]
        return found, 0 * np.array(found)

    def law_the_penalty_decides_between_them(self, run, problem):
        """With reg the smallest weights that hold all margins are best: the penalty is left, and smaller ones lose."""
        of_1, of_2 = (scaled(run, problem, factor, reg=0.25) for factor in (1, 2))
        broken = scaled(run, problem, 0.25, reg=0.0)[0]
        return [*of_1, *of_2, broken], [3, *(np.eye(3).ravel()), 12, *(2 * np.eye(3).ravel()), 1]

    cases = (
        *LinearObjective.cases,
        Case("another delta", delta=2.5, reg=0.5),
        Case("delta 0", delta=0.0),
    )
    extremes = (
        Case("large scores", D=1, C=3, inputs={"w": [[1000, 0, -1000]], "x": [[1.0], [0.5]], "y": [2, 1]}),
        Case("tiny weights", reg=0.5, inputs={"w": lambda rng, shape: 1e-15 * rng.standard_normal(shape)}),
    )
    ties = (
        *LinearObjective.ties,
        Case("margin exactly 0", D=1, C=3, inputs={"w": [[2, 1, 3]], "x": [[1.0], [1.0]], "y": [0, 2]}),
    )
