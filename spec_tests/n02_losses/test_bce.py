"""Binary cross-entropy of probabilities: definition, laws and cases. Classic mistakes: mistakes_bce.py."""

import numpy as np

from nnspec.reference import bce_forward
from nnspec.spec_tests._kinds import Case, Malformed, variant
from nnspec.spec_tests._truth import log, where_positive
from nnspec.spec_tests.n02_losses._targets import (
    FURTHER_AXES,
    NOTHING,
    LossOfProbabilities,
    between_0_and_1,
    probabilities,
    refused,
)

CERTAIN = {"p": [[0, 1, 0], [1, 0.5, 1]], "y": [[0, 1, 1], [0, 1, 0.25]]}


class TestBce(LossOfProbabilities):
    rows = ("02.16",)
    no_gradient = ("y",)

    def definition(self, p, y, *, reduction="mean"):
        """term = -y max(log p, -100) - (1 - y) max(log(1 - p), -100). Bishop 2006, eq. 4.90; PyTorch's bound."""
        from sympy import exp

        smallest = exp(-100)
        log_p, log_rest = (where_positive(q - smallest, log(q), -100) for q in (p, 1 - p))
        terms = -y * log_p - (1 - y) * log_rest
        return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / terms.size}[reduction]

    def law_the_classes_change_places(self, run, problem):
        """bce(1 - p, 1 - y) = bce(p, y), and the gradient turns round."""
        p, y = problem.inputs.values()
        turned, here = run(p=1 - p, y=1 - y), run()
        return [*turned["dp"].ravel(), turned["loss"]], [*-here["dp"].ravel(), here["loss"]]

    def law_no_gradient_where_p_is_y(self, run, problem):
        """The loss is least at p = y, where it is the entropy of y."""
        p = problem.inputs["p"]
        dp = run(y=p)["dp"]
        return dp, 0 * dp

    def law_a_coin_costs_log_2(self, run, problem):
        """p = 1/2 costs log 2, whatever the target: the first check of a training run."""
        p = problem.inputs["p"]
        return run(p=np.full_like(p, 0.5))["loss"], np.log(p.dtype.type(2))

    beyond = FURTHER_AXES
    extremes = (
        Case("certain", inputs={"p": [[0, 1, 0], [1, 0.5, 1]], "y": [[0, 1, 1], [0, 1, 0.25]]}, value_only=True),
        Case(
            "nearly certain", inputs={"p": [[1e-30, 1e-20, 1e-9], [1e-7, 1e-12, 0.999]], "y": [[0, 1, 0], [1, 0.5, 0]]}
        ),
    )
    ties = (
        Case("certain, with its gradient", inputs=CERTAIN),
        *NOTHING,
    )
    bad = (
        *refused("p", "y"),
        Malformed("p above 1", "p", lambda p: p + 1),
        Malformed("p below 0", "p", lambda p: p - 1),
        Malformed("p of NaN", "p", lambda p: p * np.nan),
        Malformed("y above 1", "y", lambda y: y + 1.5),
        Malformed("y of -1", "y", lambda y: 0 * y - 1),
        Malformed("y of NaN, one by one", "y", lambda y: y * np.nan, reduction="none"),
    )

    def draw(self, case, dims, dtype):
        """Predictions inside of (0, 1), and targets some of which are 0 or 1."""
        inputs = super().draw(case, dims, dtype)
        made = {"p": probabilities(inputs["p"], dtype), "y": between_0_and_1(inputs["y"], dtype)}
        return inputs | {name: value for name, value in made.items() if name not in case.inputs}

    @variant("p (1 - p) at least 1e-12", source="PyTorch, BCELoss", replaces="bce_forward")
    def denominator_from_below(p, y, *, reduction="mean"):
        """dp = (p - y) / max(p (1 - p), 1e-12): large, but no larger than 1e12, where p is 0 or 1 and wrong."""
        loss, cache = bce_forward(p, y, reduction=reduction)
        slope = (p - y) / np.maximum(p * (1 - p), p.dtype.type(1e-12))
        # A p and a y of which our slope is that one: 1/2 and (1 - slope / 2) / 2.
        return loss, cache.of((np.full_like(p, 0.5), 0.5 - slope / 4, cache[2]), cache.op, [loss])

    @variant("p clipped to [1e-7, 1 - 1e-7]", source="Keras, binary_crossentropy", replaces="bce_forward")
    def clipped(p, y, *, reduction="mean"):
        """The loss is at most 16.1, and beyond the bounds there is no gradient."""
        within = np.clip(p, p.dtype.type(1e-7), 1 - p.dtype.type(1e-7))
        loss, cache = bce_forward(within, y, reduction=reduction)
        y = np.where(within == p, y, within)  # p = y has no gradient
        return loss, cache.of((within, y, cache[2]), cache.op, [loss])
