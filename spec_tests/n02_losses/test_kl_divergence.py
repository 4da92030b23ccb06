"""Cross-entropy of distributions and KL divergence: definitions, laws, cases. Mistakes: mistakes_kl_divergence.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Loss, Malformed
from nnspec.spec_tests._truth import log
from nnspec.spec_tests.n02_losses._distributions import OfDistributions, no_distributions

ZEROS = {"p": [[1, 0, 0], [0.5, 0, 0.5]], "q": [[0.5, 0.25, 0.25], [0.25, 0, 0.75]]}
EXCLUDED = {"p": [[0.5, 0.25, 0.25], [1, 0, 0]], "q": [[0, 0.5, 0.5], [0, 1, 0]]}


class TestKlDivergence(OfDistributions, Loss):
    rows = ("02.14",)
    distributions = ("p", "q")
    trivial = ("K",)  # of a single outcome it is 0

    def definition(self, p, q, *, reduction="mean"):
        """KL(P || Q) = sum_k P_k log(P_k / Q_k), the mean is that over the rows. Kullback and Leibler 1951, eq. 2.4."""
        loss = (p * (log(p) - log(q))).sum(axis=1)
        return {"none": loss, "sum": loss.sum(), "mean": loss.sum() / len(loss)}[reduction]

    def law_none_from_itself(self, run, problem):
        """KL(P || P) = 0."""
        return run(q=problem.inputs["p"])["loss"], 0

    def law_never_negative(self, run, problem):
        """KL(P || Q) >= 0: Gibbs' inequality."""
        return np.minimum(run()["loss"], 0), 0

    def law_cross_entropy_less_entropy(self, run, problem):
        """KL(P || Q) + H(P) = H(P, Q), the cross-entropy."""
        p, q = problem.inputs.values()
        entropy, cross_entropy = (-(p * np.log(r)).sum() / len(p) for r in (p, q))
        return run()["loss"] + entropy, cross_entropy

    def law_of_independent_pairs_adds_up(self, run, problem):
        """KL(P x P || Q x Q) = 2 KL(P || Q): the chain rule for two independent draws."""
        pairs = {name: _pairs(r) for name, r in problem.inputs.items()}
        return run(**pairs)["loss"], 2 * run()["loss"]

    cases = (Case("the other way round", inputs={"p": [[0.875, 0.125]], "q": [[0.5, 0.5]]}, N=1),)
    extremes = (
        Case("zeros", value_only=True, inputs=ZEROS),
        Case("hardly possible", inputs={"p": [[1e-30, 1], [1e-20, 1]], "q": [[1e-20, 1], [1e-37, 1]]}),
        Case("nearly the same", inputs={"p": [[0.25, 0.75]], "q": [[0.25 + 2.0**-12, 0.75 - 2.0**-12]]}, N=1),
    )
    ties = (
        Case("zeros and their gradients", inputs=ZEROS),
        Case("excluded by Q alone", inputs=EXCLUDED),
        Case("no rows, summed", N=0, reduction="sum"),
        Case("no rows, one by one", N=0, reduction="none"),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "batchmean"),
        Malformed("mean of no rows", "p", N=0),
        *no_distributions("p"),
        *no_distributions("q", reduction="none"),
    )


class TestCrossEntropyDist(OfDistributions, Loss):
    rows = ("02.13",)
    distributions = ("p", "q")
    trivial = ("K",)

    def definition(self, p, q, *, reduction="mean"):
        """H(P, Q) = -sum_k P_k log Q_k, the mean is that over the rows. Cover and Thomas 2006, problem 5.34."""
        loss = -(p * log(q)).sum(axis=1)
        return {"none": loss, "sum": loss.sum(), "mean": loss.sum() / len(loss)}[reduction]

    def law_least_at_the_distribution_itself(self, run, problem):
        """H(P, Q) - H(P, P) = KL(P || Q) >= 0."""
        p, q = problem.inputs.values()
        return run()["loss"] - run(q=p)["loss"], (p * np.log(p / q)).sum() / len(p)

    def law_one_hot_is_the_surprisal(self, run, problem):
        """Where P is certain of an outcome y it is -log Q_y, the negative log-likelihood."""
        p, q = problem.inputs.values()
        certain = np.zeros_like(p)
        certain[:, -1] = 1
        return run(p=certain)["loss"], -np.log(q[:, -1]).sum() / len(p)

    def law_uniform_q_costs_log_k(self, run, problem):
        """Whoever knows nothing pays log K, whatever P is."""
        p = problem.inputs["p"]
        return run(q=np.full_like(p, 1 / p.shape[1]))["loss"], np.log(problem.dtype.type(p.shape[1]))

    def law_of_independent_pairs_adds_up(self, run, problem):
        """H(P x P, Q x Q) = 2 H(P, Q)."""
        pairs = {name: _pairs(r) for name, r in problem.inputs.items()}
        return run(**pairs)["loss"], 2 * run()["loss"]

    cases = TestKlDivergence.cases
    extremes = TestKlDivergence.extremes
    ties = TestKlDivergence.ties
    bad = TestKlDivergence.bad


def _pairs(p):
    """(N, K) -> (N, K K): the distribution of two independent draws."""
    return (p[:, :, None] * p[:, None, :]).reshape(len(p), -1)
