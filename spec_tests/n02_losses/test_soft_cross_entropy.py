"""Cross-entropy of soft targets: definition, laws and cases. Classic mistakes: mistakes_soft_cross_entropy.py."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Loss, Malformed
from nnspec.spec_tests._truth import exp, log
from nnspec.spec_tests.n02_losses._distributions import OfDistributions, no_distributions

SOFT = [[0.5, 0.25, 0.25], [0, 0.125, 0.875]]


class TestSoftCrossEntropy(OfDistributions, Loss):
    rows = ("02.15",)
    no_gradient = ("t",)
    distributions = ("t",)
    at_0 = True

    def definition(self, scores, t, *, reduction="mean"):
        """loss_n = -sum_c t_nc log(exp(s_nc) / sum_j exp(s_nj)). Hinton et al. 2015, section 2."""
        logp = scores - log(exp(scores).sum(axis=1, keepdims=True))
        loss = -(t * logp).sum(axis=1)
        return {"none": loss, "sum": sum(loss), "mean": sum(loss) / len(loss)}[reduction]

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """log sum exp(s) - t s rounds at the size of s, and p - t at that of 1: of a single class all of it cancels."""
        found = super().budgets(problem, want, lenient, at_tie)
        if not lenient:
            return found
        scores, half_ulp = problem.inputs["scores"], np.finfo(problem.dtype).eps / 2
        more = {"loss": half_ulp * abs(scores).max(initial=0)}
        if problem.douts:
            more["dscores"] = half_ulp * abs(problem.douts[0]).max(initial=0) / max(1, len(scores))
        return {name: replace(b, rounding=b.rounding + more[name]) for name, b in found.items()}

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to a row of scores changes neither the loss nor the gradient."""
        moved, here = run(scores=problem.inputs["scores"] + problem.dtype.type(2)), run()
        return np.append(moved["dscores"], moved["loss"]), np.append(here["dscores"], here["loss"])

    def law_gradient_rows_sum_to_zero(self, run, problem):
        """sum_c dscores_nc = 0, because p and t sum to the same."""
        dscores = run()["dscores"]
        return dscores.sum(axis=1), 0 * dscores[:, 0]

    def law_linear_in_the_targets(self, run, problem):
        """A mixture of targets has the mixture of their losses: what mixup uses."""
        t = problem.inputs["t"]
        other = t[:, ::-1].copy()
        return run(t=(t + other) / 2)["loss"], (run()["loss"] + run(t=other)["loss"]) / 2

    def law_no_gradient_where_p_is_t(self, run, problem):
        """At the scores log t the loss is least: there it is the entropy of t."""
        t = problem.inputs["t"]
        dscores = run(scores=np.log(t))["dscores"]
        return dscores, 0 * dscores

    cases = (
        Case("more rows than classes", N=4, C=2),
        Case("a single class", C=1),
        Case("one-hot", inputs={"t": [[0, 1, 0], [1, 0, 0]]}),
        Case("one-hot, one by one", reduction="none", inputs={"t": [[0, 1, 0], [1, 0, 0]]}),
    )
    extremes = (
        Case("large scores", inputs={"scores": [[1e4, 0, -1e4], [500, 499, -300]], "t": SOFT}),
        Case("rows far apart", inputs={"scores": [[1000, 999, 998.5], [-1e4, -9999, -10001]], "t": SOFT}),
        Case("a common offset", inputs={"scores": [[1000.5, 1001, 1000.25], [1000, 999.5, 1002]], "t": SOFT}),
        Case("certain and right", inputs={"scores": [[800, 0, 0], [0, 1e4, 0]], "t": [[1, 0, 0], [0, 1, 0]]}),
    )
    ties = (
        Case("equal scores", inputs={"scores": [[1, 1, 1], [0, 0, 0]], "t": SOFT}),
        Case("no rows, summed", N=0, reduction="sum"),
        Case("no rows, one by one", N=0, reduction="none"),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("mean of no rows", "scores", N=0),
        *no_distributions("t"),
        Malformed("t sums to 2, one by one", "t", lambda t: 2 * t, reduction="none"),
    )
