"""Focal loss: definition, laws and cases. Classic mistakes: mistakes_focal_loss.py."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Loss, Malformed
from nnspec.spec_tests._truth import exp, log


def class_weights(dims, dtype):
    return np.linspace(0.25, 1.5, dims["C"]).astype(dtype)


RIGHT = {"scores": [[60, 0, 0], [0, 25, -5]], "y": [0, 1]}


class TestFocalLoss(Loss):
    rows = ("02.22",)

    def definition(self, scores, y, *, gamma=2, alpha=None, reduction="mean"):
        """loss_n = -alpha_y (1 - p)^gamma log p, p = exp(s_ny) / sum_j exp(s_nj). Lin et al. 2017, eq. 4 and 5."""
        share = [1 if alpha is None else alpha[label] for label in y]
        loss = np.array([a * focal(row, label, gamma) for row, label, a in zip(scores, y, share, strict=True)], object)
        return {"none": loss, "sum": sum(loss), "mean": sum(loss) / len(y)}[reduction]

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """Everybody's 1 - p rounds at the size of 1, so that its power is off by what half a unit in the last place of
        1 makes of it; and so is the gradient, which has one more factor 1 - p."""
        found = super().budgets(problem, want, lenient, at_tie)
        per_row, more = roundings(problem), {}
        divisor = {"mean": max(1, len(per_row)), "sum": 1, "none": 1}[problem.options.get("reduction", "mean")]
        more["loss"] = per_row if np.ndim(want["loss"]) else per_row.sum() / divisor
        for dloss in problem.douts[:1]:
            more["dscores"] = (per_row * abs(dloss) / divisor)[:, None]
        return {name: replace(b, rounding=b.rounding + more[name]) for name, b in found.items()}

    def law_gamma_0_is_the_cross_entropy(self, run, problem):
        """Without a gamma all rows count in full: log sum_j exp(s_j) - s_y, and p - onehot."""
        problem.options = {"gamma": 0.0}
        scores, y = problem.inputs["scores"].astype(np.longdouble), problem.inputs["y"]
        logp = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        right = np.eye(scores.shape[1])[y]
        answer = run()
        wanted = -(right * logp).sum(axis=1).mean(), (np.exp(logp) - right) * problem.douts[0] / len(y)
        return np.append(answer["loss"], answer["dscores"]), np.append(*wanted)

    def law_two_classes_are_a_sigmoid(self, run, problem):
        """Scores 0 and x with alpha = (1 - a, a) are the paper's form: -a (1 - p)^gamma log p with p = 1/(1 + e^-x)."""
        x = np.array([-1.5, 0.25, 2, 0.5], problem.dtype)
        problem.options = {"gamma": 2.0, "alpha": np.array([0.75, 0.25], problem.dtype)}
        loss = run(scores=np.stack([0 * x, x], axis=1), y=np.array([1, 0, 1, 0]))["loss"]
        p = 1 / (1 + np.exp(-x.astype(np.longdouble)))
        right, share = np.array([p[0], 1 - p[1], p[2], 1 - p[3]]), np.array([0.25, 0.75, 0.25, 0.75])
        return loss, -(share * (1 - right) ** 2 * np.log(right)).mean()

    def law_equal_scores(self, run, problem):
        """Who prefers no class pays (1 - 1/C)^gamma log C."""
        scores = problem.inputs["scores"]
        C = np.longdouble(scores.shape[1])
        return run(scores=0 * scores)["loss"], (1 - 1 / C) ** 2 * np.log(C)

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to a row of scores changes neither the loss nor the gradient."""
        moved, here = run(scores=problem.inputs["scores"] + problem.dtype.type(2)), run()
        return np.append(moved["dscores"], moved["loss"]), np.append(here["dscores"], here["loss"])

    def law_gradient_rows_sum_to_zero(self, run, problem):
        """sum_c dscores_nc = 0, because the probabilities of a row sum to 1."""
        dscores = run()["dscores"]
        return dscores.sum(axis=1), 0 * dscores[:, 0]

    cases = (
        Case("gamma 0", gamma=0.0),
        Case("gamma 1", gamma=1.0),
        Case("gamma below 1", gamma=0.5),
        Case("a larger gamma, one by one", gamma=3.5, reduction="none"),
        Case("class weights", alpha=class_weights),
        Case("class weights summed", alpha=class_weights, reduction="sum"),
        Case("class weights one by one", gamma=0.5, alpha=class_weights, reduction="none"),
        Case("class weights, gamma 0", gamma=0.0, alpha=class_weights),
        Case("more rows than classes", N=4, C=2),
        Case("a single class", C=1),
    )
    extremes = (
        Case("large scores", inputs={"scores": [[1000, 0, -1000], [500, 499, -300]], "y": [2, 1]}),
        Case("rows far apart", inputs={"scores": [[1000, 999, 998.5], [-1000, -999.25, -1001]], "y": [0, 2]}),
        Case("a single class, gamma below 1", C=1, gamma=0.5),
        Case("nearly certain and right", inputs=RIGHT),
        Case("nearly certain and right, gamma below 1", gamma=0.5, inputs=RIGHT),
        Case("certain and right", inputs={"scores": [[2000, 0, 0], [0, 2000, 0]], "y": [0, 1]}),
        Case("certain and right, gamma below 1", gamma=0.5, inputs={"scores": [[2000, 0], [0, 2000]], "y": [0, 1]}),
        Case("certain and right, gamma 0", gamma=0.0, inputs={"scores": [[2000, 0], [0, 2000]], "y": [0, 1]}),
        Case("certain and wrong", gamma=0.5, inputs={"scores": [[2000, 0], [0, 2000]], "y": [1, 0]}),
    )
    ties = (
        Case("equal scores", inputs={"scores": [[1, 1, 1], [0, 0, 0]], "y": [0, 2]}),
        Case("no rows summed", N=0, reduction="sum"),
        Case("no rows one by one", N=0, reduction="none"),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("mean of no rows", "y", N=0),
        Malformed("gamma below 0", "gamma", lambda _: -0.5),
        Malformed("gamma NaN", "gamma", lambda _: float("nan")),
        Malformed("alpha too short", "alpha", lambda _: np.ones(1), alpha=class_weights),
    )


def roundings(problem):
    """(N,) how far (1 - p)^gamma log p moves, where 1 - p and log p are off by half a unit in the last place of 1."""
    scores, y, half_ulp = problem.inputs["scores"], problem.inputs["y"], np.finfo(problem.dtype).eps / 2
    gamma, alpha = problem.options.get("gamma", 2.0), problem.options.get("alpha")
    others = np.exp(scores.astype(np.longdouble) - scores[np.arange(len(y)), y][:, None])  # over the right one
    others[np.arange(len(y)), y] = 0
    odds = np.minimum(others.sum(axis=1), 1e300)
    rest = odds / (1 + odds)
    share = 1 if alpha is None else abs(alpha[y])
    return share * (((rest + half_ulp) ** gamma - rest**gamma) * np.log1p(odds) + rest**gamma * half_ulp)


def focal(row, label, gamma):
    """Of one row. Of a single class p is 1."""
    others = np.delete(row, label) - row[label]
    if len(others) == 0:
        return 0
    odds = sum(exp(others))  # (1 - p) / p
    return (odds / (1 + odds)) ** gamma * log(1 + odds)
