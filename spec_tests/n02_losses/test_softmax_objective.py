"""The objective of a softmax classifier: definition and laws. Classic mistakes: mistakes_softmax_objective.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case
from nnspec.spec_tests._truth import exp, log, named
from nnspec.spec_tests.n02_losses._objective import LinearObjective, penalty, scaled, scored


class TestSoftmaxObjective(LinearObjective):
    rows = ("02.09", "03.08")

    def definition(self, w, x, y, *, reg=0, bias_row=False):
        """-1/N sum_n log p_{n,y_n} + reg sum w^2, p = softmax(x w). CS231n, assignment 1, `softmax.py`."""
        s = named(scored(x, w))
        losses = [log(sum(exp(row))) - row[label] for row, label in zip(s, y, strict=True)]
        return sum(losses) / len(y) + penalty(w, reg, bias_row)

    def law_at_w_0_the_loss_is_log_c(self, run, problem):
        """At w = 0 all classes are as likely: the loss is log C, the first check of a training run."""
        return run(w=0 * problem.inputs["w"])["loss"], np.log(problem.dtype.type(problem.dims["C"]))

    def law_ignores_the_same_weights_for_all_classes(self, run, problem):
        """Adding one vector to the weights of every class moves no probability: without reg, dw is the same."""
        moved = run(w=problem.inputs["w"] + problem.dtype.type(2))
        return moved["dw"], run()["dw"]

    def law_larger_weights_are_better(self, run, problem):
        """Of separable data every larger scale loses less, log(1 + 2 exp(-2 a)): only a penalty ends that."""
        found = [scaled(run, problem, factor, reg=reg)[0] for factor in (1, 2, 4) for reg in (0.0, 0.25)]
        loss = [np.log1p(2 * np.exp(np.longdouble(-2 * factor))) for factor in (1, 2, 4)]
        return found, [loss[0], loss[0] + 3, loss[1], loss[1] + 12, loss[2], loss[2] + 48]

    extremes = (
        Case("large scores", D=1, C=3, inputs={"w": [[1000, 0, -1000]], "x": [[1.0], [0.5]], "y": [2, 1]}),
        Case("samples far apart", D=1, C=2, inputs={"w": [[1.0, 2.0]], "x": [[1000.0], [-1000.0]], "y": [0, 0]}),
        Case("tiny weights", reg=0.5, inputs={"w": lambda rng, shape: 1e-15 * rng.standard_normal(shape)}),
    )
