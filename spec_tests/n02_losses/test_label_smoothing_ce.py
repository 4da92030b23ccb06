"""Label smoothing: definition, laws, cases and classic mistakes."""

from dataclasses import replace

import numpy as np

from nnspec.reference import (
    label_smoothing_ce_backward,
    label_smoothing_ce_forward,
    soft_cross_entropy_forward,
    softmax_cross_entropy_forward,
)
from nnspec.spec_tests._kinds import Case, Loss, Malformed, mistake
from nnspec.spec_tests._truth import exp, log


class TestLabelSmoothingCe(Loss):
    rows = ("02.21",)

    def definition(self, scores, y, *, eps=None, reduction="mean"):
        """loss_n = -(1 - eps) log p_ny - eps/C sum_c log p_nc. Szegedy et al. 2016, section 7."""
        import sympy as sp

        eps = sp.Rational(0.1) if eps is None else eps
        logp = scores - log(exp(scores).sum(axis=1, keepdims=True))
        right = np.array([row[label] for row, label in zip(logp, y, strict=True)], object)
        loss = -(1 - eps) * right - eps * logp.sum(axis=1) / logp.shape[1]
        return {"none": loss, "sum": sum(loss), "mean": sum(loss) / len(loss)}[reduction]

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """log sum exp(s) - t s rounds at the size of s, and p - t at that of 1: of a single class all of it cancels."""
        found = super().budgets(problem, want, lenient, at_tie)
        scores, half_ulp = problem.inputs["scores"], np.finfo(problem.dtype).eps / 2
        more = {"loss": half_ulp * abs(scores).max(initial=0)}
        if problem.douts:
            more["dscores"] = half_ulp * abs(problem.douts[0]).max(initial=0) / max(1, len(scores))
        return {name: replace(b, rounding=b.rounding + more[name]) for name, b in found.items()} if lenient else found

    def law_gradient_rows_sum_to_zero(self, run, problem):
        """sum_c dscores_nc = 0, because p and t sum to 1."""
        dscores = run()["dscores"]
        return dscores.sum(axis=1), 0 * dscores[:, 0]

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to a row of scores changes neither the loss nor the gradient."""
        moved, here = run(scores=problem.inputs["scores"] + problem.dtype.type(2)), run()
        return np.append(moved["dscores"], moved["loss"]), np.append(here["dscores"], here["loss"])

    def law_equal_scores_cost_log_c(self, run, problem):
        """Whoever prefers no class pays log C, whatever is smoothed: the first check of a training run."""
        scores = problem.inputs["scores"]
        return run(scores=0 * scores)["loss"], np.log(problem.dtype.type(scores.shape[1]))

    cases = (
        Case("not smoothed", eps=0.0),
        Case("nothing but smoothed", eps=1.0),
        Case("more of it", eps=0.375),
        Case("more of it, one by one", eps=0.375, reduction="none"),
        Case("more rows than classes", N=4, C=2),
        Case("a single class", C=1),
    )
    extremes = (
        Case("large scores", inputs={"scores": [[1e4, 0, -1e4], [500, 499, -300]], "y": [2, 1]}),
        Case("rows far apart", inputs={"scores": [[1000, 999, 998.5], [-1e4, -9999, -10001]], "y": [0, 2]}),
    )
    ties = (
        Case("equal scores", inputs={"scores": [[1, 1, 1], [0, 0, 0]], "y": [0, 2]}),
        Case("no rows, summed", N=0, reduction="sum"),
        Case("no rows, one by one", N=0, reduction="none"),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("mean of no rows", "scores", N=0),
        Malformed("eps negative", "eps", lambda _: -0.1),
        Malformed("eps above 1", "eps", lambda _: 1.1),
        Malformed("eps of NaN", "eps", lambda _: float("nan")),
    )

    @mistake("N1140", replaces="label_smoothing_ce_forward")
    def shared_among_the_others(scores, y, *, eps=0.1, reduction="mean"):
        """eps is shared by all C classes, the label's among them: not by the C - 1 others."""
        onehot = np.eye(scores.shape[1], dtype=scores.dtype)[y]
        t = (1 - eps) * onehot + (1 - onehot) * (eps / max(1, scores.shape[1] - 1))
        return _softly(scores, y, t, eps, reduction)

    @mistake("N1140", replaces="label_smoothing_ce_forward")
    def label_not_lowered(scores, y, *, eps=0.1, reduction="mean"):
        """What the classes get is taken from the label: 1 - eps, so that targets sum to 1."""
        loss, cache = label_smoothing_ce_forward(scores, y, eps=eps, reduction=reduction)
        return loss + eps * softmax_cross_entropy_forward(scores, y, reduction=reduction)[0], cache

    @mistake("N1140", replaces="label_smoothing_ce_forward")
    def sum_for_the_mean_over_classes(scores, y, *, eps=0.1, reduction="mean"):
        """Each class gets eps / C: divide by the number of classes."""
        hard, _ = softmax_cross_entropy_forward(scores, y, reduction=reduction)
        loss, cache = label_smoothing_ce_forward(scores, y, eps=eps, reduction=reduction)
        return (1 - eps) * hard + (loss - (1 - eps) * hard) * scores.shape[1], cache

    @mistake("N1141", replaces="label_smoothing_ce_forward")
    def eps_ignored(scores, y, *, eps=0.1, reduction="mean"):
        """Use the eps that is given; 0.1 is only its default."""
        return label_smoothing_ce_forward(scores, y, reduction=reduction)

    @mistake("N1141", replaces="label_smoothing_ce_forward")
    def eps_left_to_the_label(scores, y, *, eps=0.1, reduction="mean"):
        """The label keeps 1 - eps, and eps is what is shared: not the other way round."""
        return label_smoothing_ce_forward(scores, y, eps=1 - eps, reduction=reduction)

    @mistake("M22", replaces="label_smoothing_ce_backward")
    def gradient_of_hard_labels(dloss, cache):
        """The smoothed target is what is subtracted from p, and not the one-hot."""
        ops, soft = cache
        p, t, divisor = soft
        hard = np.eye(t.shape[1], dtype=t.dtype)[t.argmax(axis=1)]
        return (p - hard) * (dloss / divisor)[..., None]

    @mistake("N712", replaces="label_smoothing_ce_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each row."""
        return label_smoothing_ce_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="label_smoothing_ce_forward")
    def always_the_mean(scores, y, *, eps=0.1, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss a row."""
        return label_smoothing_ce_forward(scores, y, eps=eps)


def _softly(scores, y, t, eps, reduction):
    """The loss of other targets, with the cache of the right ones."""
    _, cache = label_smoothing_ce_forward(scores, y, eps=eps, reduction=reduction)
    return soft_cross_entropy_forward(scores, t / t.sum(axis=1, keepdims=True), reduction=reduction)[0], cache
