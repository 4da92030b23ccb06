"""Mean squared error: definition, laws and cases. Classic mistakes: mistakes_mse_loss.py."""

from nnspec.reference import mse_loss_forward
from nnspec.spec_tests._kinds import Case, Loss, variant
from nnspec.spec_tests.n02_losses._targets import FURTHER_AXES, NOTHING, refused


class TestMseLoss(Loss):
    rows = ("02.18",)
    no_gradient = ("t",)

    def definition(self, x, t, *, reduction="mean", half=False):
        """term = (x - t)^2, or half of it; the mean is that of all entries. Bishop 2006, eq. 3.12."""
        terms = (x - t) ** 2 / (2 if half else 1)
        return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / terms.size}[reduction]

    def law_only_the_difference_counts(self, run, problem):
        """Adding 1 to predictions and targets changes neither the loss nor the gradient."""
        x, t = problem.inputs.values()
        moved, here = run(x=x + 1, t=t + 1), run()
        return [*moved["dx"].ravel(), moved["loss"]], [*here["dx"].ravel(), here["loss"]]

    def law_targets_and_predictions_change_places(self, run, problem):
        """The loss stays, and its gradient turns round."""
        x, t = problem.inputs.values()
        turned, here = run(x=t, t=x), run()
        return [*turned["dx"].ravel(), turned["loss"]], [*-here["dx"].ravel(), here["loss"]]

    def law_twice_the_difference_costs_four_times_as_much(self, run, problem):
        """It is homogeneous of degree 2."""
        x, t = problem.inputs.values()
        return run(x=2 * x, t=2 * t)["loss"], 4 * run()["loss"]

    cases = (
        Case("half", half=True),
        Case("half, summed", half=True, reduction="sum"),
        Case("half, one by one", half=True, reduction="none"),
    )
    beyond = FURTHER_AXES
    extremes = (
        Case("far off", inputs={"x": [[1e15, -1e15, 3], [1, 2, -1e4]], "t": [[-1e15, 1, 3.5], [1e4, -1e4, 1e4]]}),
        Case("a common offset", inputs={"x": [[1000.5, 999, 1e4], [1, 2, 3]], "t": [[1001, 998.5, 10001], [1, 2, 2]]}),
    )
    ties = (Case("all right", inputs={"x": [[1, 2, 3], [4, 5, 6]], "t": [[1, 2, 3], [4, 5, 6]]}), *NOTHING)
    bad = refused("x", "t")

    @variant(
        "divided by N alone",
        source='CS231n notes "Neural networks", part 2: a loss of each example is the squared norm of its difference',
        replaces="mse_loss_forward",
    )
    def divided_by_n_alone(x, t, *, reduction="mean", half=False):
        """The terms of an example are added up, and the mean is that over the examples."""
        loss, cache = mse_loss_forward(x, t, reduction=reduction, half=half)
        off, divisor = cache
        entries = x.size // len(x) if reduction == "mean" and x.ndim else 1  # of an example
        return loss * entries, cache.of((off, divisor / entries), cache.op, [loss])
