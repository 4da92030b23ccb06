"""Huber loss: definition, laws and cases. Classic mistakes: mistakes_huber.py."""

import numpy as np

from nnspec.reference import huber_forward
from nnspec.spec_tests._kinds import Case, Loss, Malformed, variant
from nnspec.spec_tests._truth import absolute, where_positive
from nnspec.spec_tests.n02_losses._targets import FURTHER_AXES, NOTHING, refused

BOTH = {"x": [[0.25, 3, -2], [-0.5, 0.75, -0.125]], "t": [[0, 0.5, 1], [0.25, -2, 0]]}  # within and beyond


class TestHuber(Loss):
    rows = ("02.20",)
    no_gradient = ("t",)

    def definition(self, x, t, *, delta=1, reduction="mean"):
        """term = r^2/2 where |r| <= delta, else delta (|r| - delta/2), with r = x - t. Huber 1964."""
        r = x - t
        terms = where_positive(absolute(r) - delta, delta * (absolute(r) - delta / 2), r**2 / 2)
        return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / terms.size}[reduction]

    def law_half_the_square_where_delta_is_large(self, run, problem):
        """Where no difference is beyond delta it is half the squared error."""
        x, t = problem.inputs.values()
        x, t = (array / (1 + abs(array).max(initial=0)) / 2 for array in (x, t))
        return run(x=x, t=t)["loss"], ((x - t) ** 2 / 2).mean()

    def law_only_the_difference_counts(self, run, problem):
        """Adding 1 to predictions and targets changes neither the loss nor the gradient."""
        x, t = problem.inputs.values()
        moved, here = run(x=x + 1, t=t + 1), run()
        return [*moved["dx"].ravel(), moved["loss"]], [*here["dx"].ravel(), here["loss"]]

    cases = (
        Case("within and beyond", inputs=BOTH),
        Case("another delta", delta=0.5),
        Case("another delta, summed", delta=0.5, reduction="sum"),
        Case("another delta, one by one", delta=1.5, reduction="none", inputs=BOTH),
    )
    beyond = FURTHER_AXES
    extremes = (
        Case("far off", inputs={"x": [[1e30, -1e30, 3], [1, 2, -1e4]], "t": [[-1e30, 1, 3.5], [1e4, -1e4, 1e4]]}),
        Case("hardly off", inputs={"x": [[1e-15, -1e-10, 1], [1, 2, 3]], "t": [[-1e-15, 1e-10, 1.001], [1, 1, 1.5]]}),
    )
    ties = (
        Case("right, and exactly delta off", inputs={"x": [[1, 2, 0], [-1, 0, 3]], "t": [[0, 1, 1], [0, 0, 3]]}),
        *NOTHING,
    )
    bad = (
        *refused("x", "t"),
        Malformed("a delta of 0", "delta", lambda _: 0.0),
        Malformed("a negative delta", "delta", lambda _: -1.0),
        Malformed("a delta of NaN", "delta", lambda _: float("nan")),
    )

    @variant(
        "divided by N alone",
        source='CS231n notes "Neural networks", part 2: the loss of an example is a norm, the sum over its entries',
        replaces="huber_forward",
    )
    def divided_by_n_alone(x, t, *, delta=1.0, reduction="mean"):
        """The terms of an example are added up, and the mean is that over the examples."""
        loss, cache = huber_forward(x, t, delta=delta, reduction=reduction)
        slope, divisor = cache
        entries = np.size(x[0]) if reduction == "mean" and x.ndim else 1  # of an example
        return loss * entries, cache.of((slope, divisor / entries), cache.op, [loss])
