"""Softmax cross-entropy: definition, laws and cases. Classic mistakes: mistakes_softmax_cross_entropy.py."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Loss, Malformed
from nnspec.spec_tests._truth import exp, log


def class_weights(dims, dtype):
    return np.linspace(0.5, 2.0, dims["C"]).astype(dtype)


IGNORED = {"y": [2, -100, 0, -100]}


class TestSoftmaxCrossEntropy(Loss):
    rows = ("02.08", "02.26")

    def definition(self, scores, y, *, reduction="mean", ignore_index=None, weight=None):
        """loss_n = -weight_y log(exp(s_ny) / sum_j exp(s_nj)), mean by weight. Bishop 2006, eq. 4.62 and 4.108."""
        share = [0 if label == ignore_index else 1 if weight is None else weight[label] for label in y]
        loss = np.array(
            [w * (log(sum(exp(row))) - row[label]) if w else w for row, label, w in zip(scores, y, share, strict=True)]
        )
        return {"none": loss, "sum": sum(loss), "mean": sum(loss) / sum(share)}[reduction]

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to a row of scores changes neither the loss nor the gradient."""
        moved = run(scores=problem.inputs["scores"] + problem.dtype.type(2))
        return moved["dscores"], run()["dscores"]

    def law_gradient_rows_sum_to_zero(self, run, problem):
        """sum_c dscores_nc = 0, because the probabilities of a row sum to 1."""
        dscores = run()["dscores"]
        return dscores.sum(axis=1), 0 * dscores[:, 0]

    def law_never_content(self, run, problem):
        """Where an SVM loses nothing the loss is log(1 + sum_j exp(-lead_j)), and the right score is pulled up."""
        leads, y = np.array([[7.0, 5.0], [3.0, 2.0], [1.0, 6.0]]), np.zeros(3, int)
        left, right = [], []
        for factor in (1.0, 0.5, 1.5):
            answer = run(scores=np.c_[0 * y, -factor * leads].astype(problem.dtype), y=y)
            others = np.exp(-np.longdouble(factor) * leads).sum(axis=1)  # over the right one
            left.append([answer["loss"], *answer["dscores"][:, 0]])
            right.append([np.log1p(others).mean(), *(-problem.douts[0] / 3 * others / (1 + others))])
        return left, right

    cases = (
        Case("more rows than classes", N=4, C=2),
        Case("ignored rows", N=4, ignore_index=-100, inputs=IGNORED),
        Case("ignored rows summed", N=4, ignore_index=-100, reduction="sum", inputs=IGNORED),
        Case("ignored rows one by one", N=4, ignore_index=-100, reduction="none", inputs=IGNORED),
        Case("an ignored class", N=4, ignore_index=1, inputs={"y": [2, 1, 0, 1]}),
        Case("class 0 ignored", N=4, ignore_index=0, inputs={"y": [2, 0, 0, 1]}),
        Case("ignored rows and class weights", N=4, ignore_index=-100, weight=class_weights, inputs=IGNORED),
        Case("an ignored class has a weight", N=4, ignore_index=2, weight=class_weights, inputs={"y": [2, 1, 0, 1]}),
        Case("a single class", C=1),
        Case("a single class, ignored rows", N=3, C=1, ignore_index=-100, inputs={"y": [0, -100, 0]}),
        Case("class weights", weight=class_weights),
        Case("class weights summed", weight=class_weights, reduction="sum"),
        Case("class weights one by one", weight=class_weights, reduction="none"),
    )
    extremes = (
        Case("large scores", inputs={"scores": [[1000, 0, -1000], [500, 499, -300]], "y": [2, 1]}),
        Case("rows far apart", inputs={"scores": [[1000, 999, 998.5], [-1000, -999.25, -1001]], "y": [0, 2]}),
        Case("a common offset", inputs={"scores": [[1000.5, 1001, 1000.25], [1000, 999.5, 1002]], "y": [1, 0]}),
        Case("certain and right", inputs={"scores": [[800, 0, 0], [0, 800, 0]], "y": [0, 1]}),
    )
    ties = (
        Case("equal scores", inputs={"scores": [[1, 1, 1], [0, 0, 0]], "y": [0, 2]}),
        Case(
            "a class that is impossible in an ignored row",
            N=2,
            ignore_index=-100,
            inputs={"scores": [[1, 2, 3], [-np.inf, 0, 1]], "y": [2, -100]},
        ),
        Case("no rows summed", N=0, reduction="sum"),
        Case("no rows one by one", N=0, reduction="none"),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("mean of no rows", "y", N=0),
        Malformed("mean of ignored rows", "y", lambda y: 0 * y, ignore_index=0),
    )

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """log sum exp(s) - s_y rounds at the size of s, and p - 1 at that of 1: of a single class all of it cancels."""
        found = super().budgets(problem, want, lenient, at_tie)
        if not lenient:
            return found
        scores, half_ulp = problem.inputs["scores"], np.finfo(problem.dtype).eps / 2
        more = {"loss": half_ulp * abs(scores).max(initial=0)}
        if problem.douts:
            more["dscores"] = half_ulp * abs(problem.douts[0]).max(initial=0) / max(1, len(scores))
        return {name: replace(b, rounding=b.rounding + more[name]) for name, b in found.items()}
