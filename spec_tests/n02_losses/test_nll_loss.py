"""Negative log-likelihood: definition, laws and cases. Classic mistakes: mistakes_nll_loss.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Loss, Malformed
from nnspec.spec_tests.n02_losses._distributions import distributions


class TestNllLoss(Loss):
    rows = ("02.10",)

    def definition(self, logp, y, *, reduction="mean"):
        """loss_n = -logp_{n,y_n}. Goodfellow et al. 2016, eq. 5.59."""
        loss = np.array([-row[label] for row, label in zip(logp, y, strict=True)], object)
        return {"none": loss, "sum": sum(loss), "mean": sum(loss) / len(y)}[reduction]

    def law_likelihoods_multiply(self, run, problem):
        """Twice the log-probabilities, those of every example seen twice, cost twice as much."""
        return run(logp=2 * problem.inputs["logp"])["loss"], 2 * run()["loss"]

    def law_only_the_labels_entry_counts(self, run, problem):
        """What else stands in a row does not matter, and has no gradient."""
        logp, y = problem.inputs.values()
        other = logp - 1
        other[np.arange(len(y)), y] += 1
        changed, here = run(logp=other), run()
        return np.append(changed["dlogp"], changed["loss"]), np.append(here["dlogp"], here["loss"])

    def law_a_gradient_for_each_row(self, run, problem):
        """Each row's gradient sums to -1/N."""
        dlogp = run()["dlogp"]
        return dlogp.sum(axis=1), -np.full(len(dlogp), problem.douts[0] / problem.dtype.type(len(dlogp)))

    cases = (
        Case("more rows than classes", N=4, C=2),
        Case("a single class", C=1, inputs={"logp": np.full((2, 1), -0.5)}, N=2),
    )
    extremes = (
        Case("hardly possible", inputs={"logp": [[-1e4, -2000, 0], [-1e30, -0.5, -1]], "y": [0, 0]}),
        Case("certain", inputs={"logp": [[0, -1000, -1e4], [-800, -1e-30, -900]], "y": [0, 1]}),
    )
    ties = (
        Case("impossible", inputs={"logp": [[-np.inf, 0, -np.inf], [-0.5, -1, -np.inf]], "y": [0, 1]}),
        Case("no rows, summed", N=0, reduction="sum"),
        Case("no rows, one by one", N=0, reduction="none"),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("mean of no rows", "logp", N=0),
        Malformed("scores", "logp", lambda logp: logp + 50),
        Malformed("scores, one by one", "logp", lambda logp: logp + 50, reduction="none"),
    )

    def draw(self, case, dims, dtype):
        """Logarithms of probabilities."""
        inputs = super().draw(case, dims, dtype)
        return inputs if "logp" in case.inputs else inputs | {"logp": np.log(distributions(inputs["logp"]))}
