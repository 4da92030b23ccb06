"""Binary cross-entropy from scores: definition, laws and cases. Classic mistakes: mistakes_bce_with_logits.py."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Malformed
from nnspec.spec_tests._truth import exp, log
from nnspec.spec_tests.n02_losses._targets import FURTHER_AXES, NOTHING, LossOfProbabilities, between_0_and_1, refused


class TestBceWithLogits(LossOfProbabilities):
    rows = ("02.17",)
    no_gradient = ("y",)

    def definition(self, scores, y, *, pos_weight=1, reduction="mean"):
        """term = -w y log p - (1 - y) log(1 - p) with p = 1 / (1 + e^-s). Bishop 2006, eq. 4.90 and 4.59."""
        terms = pos_weight * y * log(1 + exp(-scores)) + (1 - y) * log(1 + exp(scores))
        return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / terms.size}[reduction]

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """max(s, 0) - s y + log(1 + e^-|s|) rounds at the size of s y, and p - y at that of 1."""
        found = super().budgets(problem, want, lenient, at_tie)
        if not lenient:
            return found
        half_ulp, weight = np.finfo(problem.dtype).eps / 2, max(1, problem.options.get("pos_weight", 1))
        more = {"loss": half_ulp * weight * abs(problem.inputs["scores"]).max(initial=0)}
        if problem.douts:
            more["dscores"] = half_ulp * weight * abs(problem.douts[0]).max(initial=0)
        return {name: replace(b, rounding=b.rounding + more[name]) for name, b in found.items()}

    def law_the_classes_change_places(self, run, problem):
        """loss(-s, 1 - y) = loss(s, y), and the gradient turns round."""
        scores, y = problem.inputs.values()
        turned, here = run(scores=-scores, y=1 - y), run()
        return [*turned["dscores"].ravel(), turned["loss"]], [*-here["dscores"].ravel(), here["loss"]]

    def law_a_score_against_its_negative(self, run, problem):
        """softplus(s) - softplus(-s) = s: a wrong label costs s more than the right one."""
        scores, y = problem.inputs.values()
        return run(y=0 * y)["loss"] - run(y=0 * y + 1)["loss"], scores.mean()

    def law_scores_of_0_cost_log_2(self, run, problem):
        """A score of 0 is a coin: the first check of a training run."""
        return run(scores=0 * problem.inputs["scores"])["loss"], np.log(problem.dtype.type(2))

    cases = (
        Case("positive weight", pos_weight=3.0),
        Case("positive weight, summed", pos_weight=0.25, reduction="sum"),
        Case("positive weight, one by one", pos_weight=3.0, reduction="none"),
        Case("hard targets", inputs={"y": [[0, 1, 1], [1, 0, 0]]}),
    )
    beyond = FURTHER_AXES
    extremes = (
        Case("large scores", inputs={"scores": [[1000, -1000, 95], [-1e4, 1e4, -95]], "y": [[0, 1, 0], [1, 0, 1]]}),
        Case("certain and right", inputs={"scores": [[1000, -1e4, 20], [-20, 40, -40]], "y": [[1, 0, 1], [0, 1, 0]]}),
        Case("soft targets", inputs={"scores": [[1000, -1e4, 1e4], [-50, 50, 1e-9]], "y": np.full((2, 3), 0.25)}),
    )
    ties = (Case("scores of 0", inputs={"scores": [[0, -0.0, 0]], "y": [[0, 1, 0.5]]}), *NOTHING)
    bad = (
        *refused("scores", "y"),
        Malformed("y above 1", "y", lambda y: y + 1.5),
        Malformed("y of -1", "y", lambda y: 0 * y - 1),
        Malformed("y of NaN", "y", lambda y: y * np.nan),
        Malformed("y above 1, one by one", "y", lambda y: y + 1.5, reduction="none"),
    )

    def draw(self, case, dims, dtype):
        """Targets some of which are 0 or 1."""
        inputs = super().draw(case, dims, dtype)
        return inputs if "y" in case.inputs else inputs | {"y": between_0_and_1(inputs["y"], dtype)}
