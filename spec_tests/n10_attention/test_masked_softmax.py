"""Masked softmax: definition, laws, cases and classic mistakes."""

from dataclasses import replace

import numpy as np

from nnspec.reference import masked_softmax_forward
from nnspec.spec_tests._kinds import Case, Layer, mistake
from nnspec.spec_tests._truth import exp, named
from nnspec.spec_tests.n10_attention._masks import (
    a_row_with_none,
    one_each,
    one_for_each_first_index,
    some,
    the_same_in_every_row,
)

FIRST_TWO = np.array([True, True, False])
NO_NUMBERS = [[1, 2, np.nan], [0, 1, np.inf]]
FIRST_ROW = np.array([[True, True, True], [False, False, False]])


class TestMaskedSoftmax(Layer):
    rows = ("10.06",)

    def definition(self, x, mask=None):
        """out_t = exp(x_t) / sum_{s allowed} exp(x_s) where t is allowed, else 0. Vaswani et al. 2017, sec. 3.2.3."""
        allowed = np.broadcast_to(True if mask is None else mask, x.shape)
        e = np.where(allowed, named(exp(x)), 0)  # (…, T)
        out = 0 * x
        for row in np.ndindex(x.shape[:-1]):
            if allowed[row].any():
                out[row] = e[row] / named(sum(e[row]))
        return out

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

    cases = (
        Case("some masked", mask=some),
        Case("one allowed", mask=one_each),
        Case("a row with nothing allowed", mask=a_row_with_none),
        Case("one mask for all rows", mask=the_same_in_every_row),
    )
    beyond = (
        Case("a single row", {"batch": ()}, mask=some),
        Case("more axes, a mask with an axis of size 1", {"batch": (2, 3)}, mask=one_for_each_first_index),
    )
    extremes = (
        Case("large scores", inputs={"x": [[1000, 0, -1000], [500, 499.5, -300]]}),
        Case("rows far apart", inputs={"x": [[1000, 999, 998.5], [-1000, -999.25, -1001]]}),
        Case("huge where masked", mask=FIRST_TWO, inputs={"x": [[0.5, -0.25, 1e30], [1, 2, 1000]]}),
        Case("below any filler", mask=FIRST_TWO, inputs={"x": [[-2e9, -2e9 + 1, 0], [-1e30, -2e30, 1]]}),
        Case("large, and a row with nothing allowed", mask=FIRST_ROW, inputs={"x": [[1000, 0, -1000]] * 2}),
    )
    ties = (
        Case("no rows", {"batch": (0, 3)}, mask=some),
        Case("nothing to choose from", T=0),
        Case("NaN and infinity where masked", mask=FIRST_TWO, inputs={"x": NO_NUMBERS}),
        Case("and upstream of it", mask=FIRST_TWO, inputs={"x": NO_NUMBERS, "dout": NO_NUMBERS}),
    )

    def cases_of_law(self):
        return [
            replace(case, options={"mask": some} if "masked" in case.name else {}) for case in super().cases_of_law()
        ]

    @mistake("M18", replaces="masked_softmax_forward")
    def no_max_subtracted(x, *, mask=None):
        """Subtract the row maximum before exp: it overflows from 89 (float32) or 710 on."""
        e = np.exp(x) if mask is None else np.exp(x) * mask
        return _with_cache(e / e.sum(axis=-1, keepdims=True))

    @mistake("M19", replaces="masked_softmax_forward")
    def global_max_subtracted(x, *, mask=None):
        """Subtract each row's own maximum: with the global one, rows far below it become 0/0."""
        scores = x if mask is None else np.where(mask, x, -np.inf)
        e = np.exp(scores - scores.max())
        return _with_cache(e / e.sum(axis=-1, keepdims=True))

    @mistake("M98", replaces="masked_softmax_forward")
    def polarity_inverted(x, *, mask=None):
        """True means allowed, as in CS231n; here what is allowed is masked."""
        return masked_softmax_forward(x, mask=None if mask is None else ~mask)

    @mistake("M99", replaces="masked_softmax_forward")
    def masked_after_the_softmax(x, *, mask=None):
        """Mask before the softmax: masked after it, the rows no longer sum to 1."""
        out, cache = masked_softmax_forward(x)
        return (out, cache) if mask is None else _with_cache(out * mask)

    @mistake("M99", replaces="masked_softmax_forward")
    def zero_times_infinity(x, *, mask=None):
        """Choose with where: adding (1 - mask) * -inf gives 0 * -inf = NaN at every allowed score."""
        return masked_softmax_forward(x if mask is None else x + (1 - mask) * x.dtype.type(-np.inf))

    @mistake("M99", replaces="masked_softmax_forward")
    def scores_multiplied_by_the_mask(x, *, mask=None):
        """Multiplying scores by the mask leaves 0, which is a score like any other: fill in -inf."""
        return masked_softmax_forward(x if mask is None else x * mask)

    @mistake("M100", replaces="masked_softmax_forward")
    def masked_rows_are_nan(x, *, mask=None):
        """A row with nothing allowed is 0, not 0/0: one NaN spreads to every weight behind it."""
        out, cache = masked_softmax_forward(x, mask=mask)
        return _with_cache(np.where(out.any(axis=-1, keepdims=True), out, np.nan))

    @mistake("M106", replaces="masked_softmax_backward")
    def diagonal_only(dout, cache):
        """Every score moves every probability: dx = p * (dout - sum(p * dout)), not p (1 - p) dout."""
        (p,) = cache
        return p * (1 - p) * dout

    @mistake("N65", replaces="masked_softmax_forward")
    def a_large_number_as_minus_infinity(x, *, mask=None):
        """Fill in -inf: with -1e9 a row with nothing allowed is uniform, and low scores lose to the filler."""
        return masked_softmax_forward(x if mask is None else np.where(mask, x, -1e9))

    @mistake("N66", replaces="masked_softmax_forward")
    def maximum_of_masked_scores_too(x, *, mask=None):
        """Take the maximum of what is allowed: below a large masked score all others vanish."""
        e = np.exp(x - x.max(axis=-1, keepdims=True, initial=-np.inf))
        e = e if mask is None else np.where(mask, e, 0)
        total = e.sum(axis=-1, keepdims=True)
        return _with_cache(e / np.where(total == 0, 1, total))

    @mistake("N67", replaces="masked_softmax_forward")
    def normalized_over_everything(x, *, mask=None):
        """Normalize along the last axis, each row by itself."""
        out, _ = masked_softmax_forward(
            x.reshape(-1), mask=None if mask is None else np.broadcast_to(mask, x.shape).reshape(-1)
        )
        return _with_cache(out.reshape(x.shape))

    @mistake("N68", replaces="masked_softmax_backward")
    def mean_over_all_rows(dout, cache):
        """sum(p * dout) belongs to each row: keep the last axis, do not sum over all rows."""
        (p,) = cache
        return p * (dout - (p * dout).sum())

    @mistake("N67", replaces="masked_softmax_forward")
    def normalized_along_the_first_axis(x, *, mask=None):
        """Normalize along the last axis, not along the first."""
        allowed = None if mask is None else np.moveaxis(np.broadcast_to(mask, x.shape), 0, -1)
        out, _ = masked_softmax_forward(np.moveaxis(x, 0, -1), mask=allowed)
        return _with_cache(np.moveaxis(out, -1, 0))

    @mistake("N68", replaces="masked_softmax_backward")
    def mean_not_subtracted(dout, cache):
        """Subtract the mean of dout under p: without it the rows of dx do not sum to 0."""
        (p,) = cache
        return p * dout


def _with_cache(out):
    """A wrong output with a cache in which it stands."""
    _, cache = masked_softmax_forward(out)
    return out, cache.of((out,), cache.op, [out])
