"""Softmax cross-entropy at every step: definition, laws and cases.

Classic mistakes: mistakes_temporal_softmax_loss.py.
"""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, Malformed
from nnspec.spec_tests._truth import exp, log, named

MASK = [[True, True, False], [True, False, False]]
Y = [[3, 0, 1], [2, 0, 3]]


def nothing_counts(rng, shape):
    return np.zeros(shape, bool)


class TestTemporalSoftmaxLoss(Layer):
    rows = ("09.07",)
    outputs = ("loss",)
    tall = ((257, 33), (10000, 4))

    def definition(self, scores, y, mask=None, *, normalize="batch"):
        """loss = sum_{n, t: mask_nt} -log softmax(s_nt)_{y_nt} / Z, Z = N, the number of tokens, or N T. CS231n, A3."""
        N, T, _ = scores.shape
        mask = np.full((N, T), True) if mask is None else mask
        total = 0
        for n, t in zip(*np.nonzero(mask), strict=True):
            row = scores[n, t]
            total = total + named(log(sum(exp(row))) - row[y[n, t]])
        divisor = {"batch": N, "tokens": int(mask.sum()), "all": N * T}[normalize]
        return total / divisor if divisor else total

    def law_padding_changes_nothing(self, run, problem):
        """By tokens, steps that do not count change nothing: neither the loss nor the gradient of the others."""
        scores, y, mask = (problem.inputs[name] for name in ("scores", "y", "mask"))
        padded = run(
            scores=np.concatenate([scores, 1 - scores[:, :1]], axis=1),
            y=np.concatenate([y, y[:, :1]], axis=1),
            mask=np.concatenate([mask, mask[:, :1] & False], axis=1),
        )
        plain, T = run(), scores.shape[1]
        return [np.append(answer["dscores"][:, :T], answer["loss"]) for answer in (padded, plain)]

    def law_what_does_not_count_may_be_anything(self, run, problem):
        """Other scores and other ids where the mask is False give the same."""
        scores, y, mask = (problem.inputs[name] for name in ("scores", "y", "mask"))
        other = run(scores=np.where(mask[..., None], scores, 100 - scores), y=np.where(mask, y, 0 * y))
        return [np.append(answer["dscores"], answer["loss"]) for answer in (other, run())]

    def law_a_shift_changes_nothing(self, run, problem):
        """Adding a constant to the scores of a step changes no probability."""
        moved = run(scores=problem.inputs["scores"] + problem.dtype.type(2))
        return moved["dscores"], run()["dscores"]

    general: ClassVar = {"explained": {"N": 1, "T": 2, "V": 2}}
    trivial = ("V",)
    cases = (
        Case("no mask", without=("mask",)),
        Case("no mask, by tokens", N=2, T=3, V=4, without=("mask",), normalize="tokens"),
        Case("no mask, by all steps", N=2, T=3, V=4, without=("mask",), normalize="all"),
        *(
            Case(f"padded, by {what}", N=2, T=3, V=4, normalize=what, inputs={"mask": MASK, "y": Y})
            for what in ("batch", "tokens", "all")
        ),
        Case("one step", N=3, T=1, V=2, normalize="tokens"),
        Case("a sequence that does not count", N=2, T=2, V=3, inputs={"mask": [[True, True], [False, False]]}),
        Case("nothing counts", N=2, T=2, V=3, inputs={"mask": nothing_counts}),
        Case("nothing counts, by tokens", N=2, T=2, V=3, normalize="tokens", inputs={"mask": nothing_counts}),
    )
    beyond = (Case("ids without signs", N=2, T=3, V=4, inputs={"mask": MASK, "y": np.array(Y, np.uint8)}),)
    extremes = (
        Case("large scores", N=1, T=2, V=3, inputs={"scores": [[[1000, 0, -1000], [500, 499, -300]]], "y": [[2, 1]]}),
        Case("steps far apart", N=1, T=2, V=3, inputs={"scores": [[[1000, 999, 998.5], [-1000, -999.25, -1001]]]}),
    )
    ties = (
        Case("equal scores", N=1, T=2, V=3, inputs={"scores": [[[1, 1, 1], [0, 0, 0]]]}),
        Case("no sequences", N=0),
        Case("no steps", T=0),
        Case("no steps, by tokens", T=0, normalize="tokens"),
        Case(
            "not a number where nothing counts",
            N=1,
            T=2,
            V=3,
            inputs={"scores": [[[1, 2, 0], [np.nan, np.inf, 0]]], "mask": [[True, False]], "y": [[1, 2]]},
        ),
    )
    bad = (
        Malformed("normalize unknown", "normalize", lambda _: "mean"),
        Malformed("mask of numbers", "mask", lambda mask: mask.astype(np.float64)),
    )

    def cases_of_law(self):
        return [replace(case, options={"normalize": "tokens"}) for case in super().cases_of_law()]

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """log sum exp(s) - s_y rounds at the size of s, and p - 1 at that of 1."""
        found = super().budgets(problem, want, lenient, at_tie)
        if not lenient:
            return found
        scores, half_ulp = problem.inputs["scores"], np.finfo(problem.dtype).eps / 2
        more = {"loss": half_ulp * abs(scores).max(initial=0)}
        if problem.douts:
            more["dscores"] = half_ulp * abs(problem.douts[0]).max(initial=0)
        return {name: replace(b, rounding=b.rounding + more[name]) for name, b in found.items()}
