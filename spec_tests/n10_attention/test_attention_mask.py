"""Masks of attention: causal, of padded sequences, and both together."""

import numpy as np

from nnspec.reference import causal_mask, combine_masks, padding_mask
from nnspec.spec_tests._kinds import Case, Function, Malformed, Procedure, mistake
from nnspec.spec_tests._verdict import require


class TestCausalMask(Procedure):
    rows = ("10.05",)

    def law_a_query_sees_itself_and_what_is_before(self, f):
        """allowed_ij = j <= i, True where it may attend."""
        return f(3).tolist(), [[True, False, False], [True, True, False], [True, True, True]]

    def law_aligned_to_the_end(self, f):
        """With more keys than queries the last query is the last of the sequence: j <= i + Tk - Tq."""
        return f(2, 4).tolist(), [[True, True, True, False], [True, True, True, True]]

    def law_more_queries_than_keys(self, f):
        """The last query still sees every key; the first Tq - Tk see none."""
        return f(3, 2).tolist(), [[False, False], [True, False], [True, True]]

    def law_one_query_beside_kept_keys(self, f):
        """A single new query sees all keys so far."""
        return f(1, 5).tolist(), [[True] * 5]

    def law_booleans_of_the_sizes_asked_for(self, f):
        """(Tq, Tk), also of nothing."""
        made = [f(4), f(2, 3), f(0, 3), f(3, 0), f(0)]
        shapes = [(4, 4), (2, 3), (0, 3), (3, 0), (0, 0)]
        return [(m.shape, str(m.dtype)) for m in made], [(shape, "bool") for shape in shapes]

    def law_what_was_given_is_the_callers(self, f):
        """A later call leaves alone what an earlier one gave out, and knows nothing of it."""
        first = f(2)
        first[...] = False
        return [f(2).tolist(), first.tolist()], [[[True, False], [True, True]], [[False, False], [False, False]]]

    bad = tuple(
        Malformed(name, argument, case=Case("", inputs=given))
        for name, argument, given in (
            ("no queries to count", "Tq", {"Tq": -1}),
            ("Tq of 2.5", "Tq", {"Tq": 2.5}),
            ("fewer than no keys", "Tk", {"Tq": 2, "Tk": -1}),
        )
    )

    @mistake("M98", replaces="causal_mask")
    def polarity_inverted(Tq, Tk=None):
        """True means may attend; where True means blocked, as in nn.MultiheadAttention, pass ~mask."""
        return ~causal_mask(Tq, Tk)

    @mistake("M103", replaces="causal_mask")
    def diagonal_excluded(Tq, Tk=None):
        """A query may attend to itself: j <= i, not j < i, or the first one sees nothing."""
        return causal_mask(Tq, Tk) & ~np.eye(Tq, Tq if Tk is None else Tk, (Tq if Tk is None else Tk) - Tq, dtype=bool)

    @mistake("M103", replaces="causal_mask")
    def aligned_to_the_start(Tq, Tk=None):
        """With fewer queries than keys the queries are the last: shift the diagonal by Tk - Tq."""
        return np.tri(Tq, Tk, dtype=bool)

    @mistake("N960", replaces="causal_mask")
    def upper_triangle(Tq, Tk=None):
        """Queries are rows: the lower triangle is allowed. In a layout (keys, queries) it is the upper one."""
        return causal_mask(Tq, Tk)[::-1, ::-1].copy()


class TestPaddingMask(Function):
    rows = ("10.05",)
    outputs = ("mask",)
    discrete = True
    sizes = {"N": 3, "Tk": 4}

    def definition(self, lengths, Tk):
        """allowed_nj = j < lengths_n, for every head and query. CS231n, assignment 3, masks of captions."""
        return [[[[j < length for j in range(Tk)]]] for length in lengths]

    def law_as_many_keys_as_the_sequence_is_long(self, run, problem):
        """Row n has lengths_n keys."""
        return run()["mask"].sum(axis=(1, 2, 3)), problem.inputs["lengths"]

    cases = (
        Case("from nothing to everything", N=5, inputs={"lengths": [0, 1, 2, 3, 4]}),
        Case("no keys", Tk=0, inputs={"lengths": [0, 0, 0]}),
    )
    ties = (Case("no sequences", N=0),)
    bad = (Malformed("fewer than no keys", "Tk", lambda _: -1), Malformed("Tk a float", "Tk", lambda _: 4.0))

    def test_dtype(self, planned, backend):
        """Booleans: a 0 or 1 would be added to the scores, or index keys."""
        super().test_dtype(planned, backend)
        require_booleans(self.answer(backend, self.problem(planned, backend)))

    @mistake("M98", replaces="padding_mask")
    def polarity_inverted(lengths, Tk):
        """True means may attend; key_padding_mask of nn.MultiheadAttention is True where there is padding."""
        return ~padding_mask(lengths, Tk)

    @mistake("N961", replaces="padding_mask")
    def one_key_too_many(lengths, Tk):
        """Keys count from 0: j < length, not j <= length."""
        return padding_mask(np.minimum(lengths + 1, Tk), Tk)

    @mistake("N962", replaces="padding_mask")
    def padded_in_front(lengths, Tk):
        """Sequences are filled up at their end: the first `length` keys count."""
        return padding_mask(lengths, Tk)[..., ::-1].copy()


class TestCombineMasks(Function):
    rows = ("10.05",)
    outputs = ("both",)
    discrete = True
    sizes = {"mask": (3, 4), "other": (2, 1, 1, 4)}
    general = {
        "square": {"mask": (3, 3), "other": (3, 1, 1, 3)},
        "odd": {"mask": (5, 7), "other": (2, 3, 5, 7)},
        "wide": {"mask": (3, 65), "other": (5, 1, 1, 65)},
    }

    def definition(self, mask, other):
        """both = mask and other, where both allow it."""
        mask, other = np.broadcast_arrays(mask, other)
        return np.array([a and b for a, b in zip(mask.flat, other.flat, strict=True)], bool).reshape(mask.shape)

    def law_order_does_not_count(self, run, problem):
        """mask and other may change places."""
        mask, other = problem.inputs.values()
        return run(mask=other, other=mask)["both"], run()["both"]

    def law_what_allows_everything_changes_nothing(self, run, problem):
        """A mask of True leaves the other as it is."""
        return run(other=np.ones((1, 1), bool))["both"], problem.inputs["mask"]

    def law_with_a_mask_and_with_its_negation(self, run, problem):
        """What mask allows, it allows beside other or beside ~other, and never beside both."""
        mask, other = problem.inputs.values()
        beside, without = run()["both"], run(other=~other)["both"]
        return beside.astype(int) + without, np.broadcast_to(mask, beside.shape)

    cases = (
        Case("one shape", {"mask": (2, 3), "other": (2, 3)}),
        Case("each wider in one axis", {"mask": (3, 1), "other": (1, 4)}),
        Case("a row of keys", {"mask": (4,), "other": (2, 1, 3, 1)}),
    )
    ties = (Case("no queries", {"mask": (0, 4), "other": (2, 1, 1, 4)}),)
    bad = (
        Malformed("of other keys", "other", lambda other: np.ones((2, 1, 1, 5), bool), ("mask",)),
        Malformed("of integers", "other", lambda other: other.astype(np.int64)),
        Malformed("a list", "mask", lambda mask: mask.tolist()),
    )

    def test_dtype(self, planned, backend):
        """Booleans: ~ of integers is no negation."""
        super().test_dtype(planned, backend)
        require_booleans(self.answer(backend, self.problem(planned, backend)))

    def cases_of_scale(self):
        return [Case("causal beside padding", {"mask": (130, 257), "other": (20, 1, 1, 257)})]

    @mistake("N963", replaces="combine_masks")
    def allowed_by_one(mask, other):
        """True means allowed: both must allow it. `or` is for masks in which True means blocked."""
        return mask | other

    @mistake("N964", replaces="combine_masks")
    def the_second_alone(mask, other):
        """Combine both masks: the second does not replace the first."""
        return combine_masks(np.ones_like(mask), other)


def require_booleans(answer):
    for name, value in answer.items():
        got = np.asarray(value).dtype
        require(got.kind == "b", f"{name} is {got}: a mask holds booleans")
