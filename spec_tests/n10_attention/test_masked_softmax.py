"""Masked softmax: definition, cases, laws and classic mistakes."""

from dataclasses import replace

import numpy as np

from nnspec.reference import masked_softmax_forward
from nnspec.spec_tests._kinds import Case, Layer, mistake
from nnspec.spec_tests._truth import exp, named


def some(dims, dtype):
    """Two thirds allowed, at least one in every row."""
    allowed = np.random.default_rng(0).random((*dims["batch"], dims["T"])) < 0.6
    allowed[..., -1] |= ~allowed.any(axis=-1)
    return allowed


def a_row_with_none(dims, dtype):
    allowed = some(dims, dtype)
    allowed[(0,) * len(dims["batch"])] = False
    return allowed


def one_each(dims, dtype):
    return np.arange(dims["T"]) == some(dims, dtype).argmax(axis=-1)[..., None]


def the_same_in_every_row(dims, dtype):
    return np.arange(dims["T"]) % 3 != 1


def one_for_each_first_index(dims, dtype):
    return some(dims, dtype)[:, :1]


FIRST_TWO = np.array([True, True, False])
FIRST_ROW = np.array([[True, True, True], [False, False, False]])


class TestMaskedSoftmax(Layer):
    rows = ("10.06",)

    cases = (
        Case("some masked", options={"mask": some}),
        Case("one allowed", options={"mask": one_each}),
        Case("a row with nothing allowed", options={"mask": a_row_with_none}),
        Case("one mask for all rows", options={"mask": the_same_in_every_row}),
    )
    beyond = (
        Case("a single row", {"batch": ()}, {"mask": some}),
        Case("more axes, a mask with an axis of size 1", {"batch": (2, 3)}, {"mask": one_for_each_first_index}),
    )
    extremes = (
        Case("large scores", inputs={"x": [[1000, 0, -1000], [500, 499.5, -300]]}),
        Case("rows far apart", inputs={"x": [[1000, 999, 998.5], [-1000, -999.25, -1001]]}),
        Case("huge where masked", {}, {"mask": FIRST_TWO}, {"x": [[0.5, -0.25, 1e30], [1, 2, 1000]]}),
        Case("below any filler", {}, {"mask": FIRST_TWO}, {"x": [[-2e9, -2e9 + 1, 0], [-1e30, -2e30, 1]]}),
        Case("large, and a row with nothing allowed", {}, {"mask": FIRST_ROW},
             {"x": [[1000, 0, -1000], [1000, 0, -1000]]}),
    )  # fmt: skip
    ties = (
        Case("no rows", {"batch": (0, 3)}, {"mask": some}),
        Case("nothing to choose from", {"T": 0}),
        Case("NaN and infinity where masked", {}, {"mask": FIRST_TWO}, {"x": [[1, 2, np.nan], [0, 1, np.inf]]}),
    )

    def definition(self, x, mask=None):
        """out_t = exp(x_t) / sum_{s allowed} exp(x_s) where t is allowed, else 0. Vaswani et al. 2017, sec. 3.2.3."""
        allowed = np.broadcast_to(True if mask is None else mask, x.shape)
        e = np.where(allowed, named(exp(x)), 0)  # (…, T)
        out = 0 * x
        for row in np.ndindex(x.shape[:-1]):
            if allowed[row].any():
                out[row] = e[row] / named(sum(e[row]))
        return out

    def cases_of_law(self):
        return [
            replace(case, options={"mask": some} if "masked" in case.name else {}) for case in super().cases_of_law()
        ]

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to a row of scores changes nothing."""
        return run(x=problem.inputs["x"] + problem.dtype.type(2))["out"], run()["out"]

    def law_probabilities(self, run, problem):
        """The entries of a row sum to 1."""
        total = run()["out"].sum(axis=-1)
        return total, np.ones_like(total)

    def law_masked_gradient_rows_sum_to_zero(self, run, problem):
        """sum_t dx_t = 0, because the sum of out does not depend on x."""
        total = run()["dx"].sum(axis=-1)
        return total, 0 * total

    def law_what_is_masked_does_not_count(self, run, problem):
        """Other scores where the mask is False change nothing, neither out nor dx, which is 0 there."""
        x, mask = problem.inputs["x"], problem.options["mask"]
        other, same = run(x=np.where(mask, x, 10 - x)), run()
        return [other["out"], other["dx"]], [same["out"], same["dx"] * mask]

    @mistake("M18", "Subtract the row maximum before exp: it overflows from 89 (float32) or 710 on.",
             replaces="masked_softmax_forward")  # fmt: skip
    def no_max_subtracted(x, *, mask=None):
        e = np.exp(x) if mask is None else np.exp(x) * mask
        return _with_cache(e / e.sum(axis=-1, keepdims=True))

    @mistake("M19", "Subtract each row's own maximum: with the global one, rows far below it become 0/0.",
             replaces="masked_softmax_forward")  # fmt: skip
    def global_max_subtracted(x, *, mask=None):
        scores = x if mask is None else np.where(mask, x, -np.inf)
        e = np.exp(scores - scores.max())
        return _with_cache(e / e.sum(axis=-1, keepdims=True))

    @mistake("M98", "True means allowed, as in CS231n; here what is allowed is masked.",
             replaces="masked_softmax_forward")  # fmt: skip
    def polarity_inverted(x, *, mask=None):
        return masked_softmax_forward(x, mask=None if mask is None else ~mask)

    @mistake("M99", "Mask before the softmax: masked after it, the rows no longer sum to 1.",
             replaces="masked_softmax_forward")  # fmt: skip
    def masked_after_the_softmax(x, *, mask=None):
        out, cache = masked_softmax_forward(x)
        return (out, cache) if mask is None else _with_cache(out * mask)

    @mistake("M99", "Choose with where: adding (1 - mask) * -inf gives 0 * -inf = NaN at every allowed score.",
             replaces="masked_softmax_forward")  # fmt: skip
    def zero_times_infinity(x, *, mask=None):
        return masked_softmax_forward(x if mask is None else x + (1 - mask) * x.dtype.type(-np.inf))

    @mistake("M99", "Multiplying scores by the mask leaves 0, which is a score like any other: fill in -inf.",
             replaces="masked_softmax_forward")  # fmt: skip
    def scores_multiplied_by_the_mask(x, *, mask=None):
        return masked_softmax_forward(x if mask is None else x * mask)

    @mistake("M100", "A row with nothing allowed is 0, not 0/0: one NaN spreads to every weight behind it.",
             replaces="masked_softmax_forward")  # fmt: skip
    def masked_rows_are_nan(x, *, mask=None):
        out, cache = masked_softmax_forward(x, mask=mask)
        return _with_cache(np.where(out.any(axis=-1, keepdims=True), out, np.nan))

    @mistake("M106", "Every score moves every probability: dx = p * (dout - sum(p * dout)), not p (1 - p) dout.",
             replaces="masked_softmax_backward")  # fmt: skip
    def diagonal_only(dout, cache):
        (p,) = cache
        return p * (1 - p) * dout

    @mistake("N65", "Fill in -inf: with -1e9 a row with nothing allowed is uniform, and low scores lose to the filler.",
             replaces="masked_softmax_forward")  # fmt: skip
    def a_large_number_as_minus_infinity(x, *, mask=None):
        return masked_softmax_forward(x if mask is None else np.where(mask, x, -1e9))

    @mistake("N66", "Take the maximum of what is allowed: below a large masked score all others vanish.",
             replaces="masked_softmax_forward")  # fmt: skip
    def maximum_of_masked_scores_too(x, *, mask=None):
        e = np.exp(x - x.max(axis=-1, keepdims=True, initial=-np.inf))
        e = e if mask is None else np.where(mask, e, 0)
        total = e.sum(axis=-1, keepdims=True)
        return _with_cache(e / np.where(total == 0, 1, total))

    @mistake("N67", "Normalize along the last axis, each row by itself.", replaces="masked_softmax_forward")
    def normalized_over_everything(x, *, mask=None):
        out, _ = masked_softmax_forward(
            x.reshape(-1), mask=None if mask is None else np.broadcast_to(mask, x.shape).reshape(-1)
        )
        return _with_cache(out.reshape(x.shape))

    @mistake("N68", "sum(p * dout) belongs to each row: keep the last axis, do not sum over all rows.",
             replaces="masked_softmax_backward")  # fmt: skip
    def mean_over_all_rows(dout, cache):
        (p,) = cache
        return p * (dout - (p * dout).sum())

    @mistake("N67", "Normalize along the last axis, not along the first.", replaces="masked_softmax_forward")
    def normalized_along_the_first_axis(x, *, mask=None):
        allowed = None if mask is None else np.moveaxis(np.broadcast_to(mask, x.shape), 0, -1)
        out, _ = masked_softmax_forward(np.moveaxis(x, 0, -1), mask=allowed)
        return _with_cache(np.moveaxis(out, -1, 0))

    @mistake("N68", "Subtract the mean of dout under p: without it the rows of dx do not sum to 0.",
             replaces="masked_softmax_backward")  # fmt: skip
    def mean_not_subtracted(dout, cache):
        (p,) = cache
        return p * dout


def _with_cache(out):
    """A wrong output with a cache in which it stands."""
    _, cache = masked_softmax_forward(out)
    return out, cache.of((out,), cache.op, [out])
