"""L1 loss: definition, laws and cases. Classic mistakes: mistakes_l1_loss.py."""

import numpy as np

from nnspec.reference import l1_loss_forward
from nnspec.spec_tests._kinds import Case, Loss, variant
from nnspec.spec_tests._truth import absolute
from nnspec.spec_tests.n02_losses._targets import FURTHER_AXES, NOTHING, refused


class TestL1Loss(Loss):
    rows = ("02.19",)
    no_gradient = ("t",)

    def definition(self, x, t, *, reduction="mean"):
        """term = |x - t|; the mean is that of all entries. CS231n notes "Neural networks", part 2."""
        terms = absolute(x - t)
        return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / terms.size}[reduction]

    def law_targets_and_predictions_change_places(self, run, problem):
        """The loss stays, and its gradient turns round."""
        x, t = problem.inputs.values()
        turned, here = run(x=t, t=x), run()
        return [*turned["dx"].ravel(), turned["loss"]], [*-here["dx"].ravel(), here["loss"]]

    def law_twice_the_difference_costs_twice_as_much(self, run, problem):
        """It is homogeneous of degree 1, so that its gradient stays."""
        x, t = problem.inputs.values()
        twice, once = run(x=2 * x, t=2 * t), run()
        return [*twice["dx"].ravel(), twice["loss"]], [*once["dx"].ravel(), 2 * once["loss"]]

    beyond = FURTHER_AXES
    extremes = (
        Case("far off", inputs={"x": [[1e30, -1e30, 3], [1, 2, -1e4]], "t": [[-1e30, 1, 3.5], [1e4, -1e4, 1e4]]}),
        Case("hardly off", inputs={"x": [[1e-30, -1e-20, 1], [1, 2, 3]], "t": [[-1e-30, 1e-20, 1.000001], [0, 0, 1]]}),
    )
    ties = (Case("some right", inputs={"x": [[1, 2, 3], [4, 0, 6]], "t": [[1, 0, 3], [5, -0.0, 6]]}), *NOTHING)
    bad = refused("x", "t")

    @variant(
        "divided by N alone",
        source='CS231n notes "Neural networks", part 2: a loss of each example is the L1 norm of its difference',
        replaces="l1_loss_forward",
    )
    def divided_by_n_alone(x, t, *, reduction="mean"):
        """The terms of an example are added up, and the mean is that over the examples."""
        loss, cache = l1_loss_forward(x, t, reduction=reduction)
        off, divisor = cache
        entries = np.size(x[0]) if reduction == "mean" and x.ndim else 1  # of an example
        return loss * entries, cache.of((off, divisor / entries), cache.op, [loss])
