"""Sequences of different lengths in one array, and the mask of what counts: laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import lengths_to_mask, pad_sequences
from nnspec.spec_tests._kinds import Case, Function, Malformed, Procedure, mistake

ROWS = [[5, 6, 7], [8], [], [9, 4]]


class TestLengthsToMask(Function):
    rows = ("09.26",)
    discrete = True

    def definition(self, lengths, T):
        """mask_nt = t < lengths_n for t = 0 … T - 1: True is a step that counts. CS231n, assignment 3."""
        return np.array([[t < length for t in range(T)] for length in lengths], bool).reshape(len(lengths), T)

    def law_as_many_as_the_length(self, run, problem):
        """Row n has lengths_n True."""
        return run()["out"].sum(axis=1), problem.inputs["lengths"]

    sizes = {"N": 4, "T": 3}
    tall = ()
    cases = (
        Case("every length", N=6, T=5, inputs={"lengths": [5, 0, 3, 1, 4, 2]}),
        Case("longer than all", N=2, T=70, inputs={"lengths": [1, 2]}),
        Case("one step", N=2, T=1, inputs={"lengths": [1, 0]}),
        Case("lengths of 8 bits", N=3, T=300, inputs={"lengths": np.array([200, 255, 3], np.uint8)}),
    )
    ties = (
        Case("no steps", N=2, T=0, inputs={"lengths": [0, 0]}),
        Case("no sequences", N=0),
    )
    bad = (
        Malformed("a length above T", "lengths", lambda _: np.array([1, 4, 0, 2]), ("T",), N=4),
        Malformed("a length below 0", "lengths", lambda _: np.array([1, -1, 0, 2]), ("T",), N=4),
        Malformed("T below 0", "T", lambda _: -1, ("lengths",)),
        Malformed("T a fraction", "T", lambda _: 2.5),
    )

    def draw(self, case, dims, dtype):
        drawn = np.random.default_rng(5).integers(0, dims["T"] + 1, dims["N"])
        return {"lengths": np.asarray(case.inputs.get("lengths", drawn)), "T": dims["T"]}

    def cases_of_scale(self):
        return [Case("many", N=3000, T=70)]

    @mistake("M98", replaces="lengths_to_mask")
    def true_where_it_is_padded(lengths, T):
        """True is a step that counts; PyTorch's key_padding_mask is the other way round."""
        return ~lengths_to_mask(lengths, T)

    @mistake("N948", replaces="lengths_to_mask")
    def one_step_too_many(lengths, T):
        """Step t counts where t < length: steps are numbered from 0."""
        return np.arange(T) <= lengths[:, None]

    @mistake("N948", replaces="lengths_to_mask")
    def only_the_last_step(lengths, T):
        """All steps before the length count, not the last one alone."""
        return np.arange(T) == lengths[:, None] - 1

    @mistake("N949", replaces="lengths_to_mask")
    def padded_at_the_front(lengths, T):
        """Sequences begin on the left: the padding stands behind them."""
        return lengths_to_mask(lengths, T)[:, ::-1].copy()


class TestPadSequences(Procedure):
    rows = ("09.26",)

    def law_padded_behind(self, pad):
        """Each row begins with its sequence; value, by default 0, follows up to the longest one."""
        ids, lengths = pad(ROWS)
        return [ids.tolist(), lengths.tolist()], [[[5, 6, 7], [8, 0, 0], [0, 0, 0], [9, 4, 0]], [3, 1, 0, 2]]

    def law_another_value(self, pad):
        """value is what stands behind the ends."""
        return pad([[1, 2], [3]], value=-7)[0].tolist(), [[1, 2], [3, -7]]

    def law_as_long_as_asked_for(self, pad):
        """T may be larger than the longest sequence, or as large."""
        found = [pad([(1, 2), (3,)], T=T)[0].tolist() for T in (2, 4)]
        return found, [[[1, 2], [3, 0]], [[1, 2, 0, 0], [3, 0, 0, 0]]]

    def law_the_value_may_be_in_a_sequence(self, pad):
        """The lengths count every id, those too that are the padding's."""
        return pad([[0, 0], [1]])[1].tolist(), [2, 1]

    def law_nothing(self, pad):
        """No sequences, or none of any length: no steps."""
        shapes = [[array.shape for array in pad(rows)] for rows in ([], [[], []])]
        return shapes, [[(0, 0), (0,)], [(2, 0), (2,)]]

    def law_integers(self, pad):
        """Ids and lengths are integers, which can index."""
        return [array.dtype.kind in "iu" for rows in (ROWS, [], [[]]) for array in pad(rows)], [True] * 6

    def law_every_call_is_its_own(self, pad):
        """Nothing is remembered of an earlier call, whose arrays stay as they were given out."""
        first = pad([[1, 2], [3]])
        told = [array.tolist() for array in first]
        pad([[4, 5], [6, 7]], value=9)
        return [array.tolist() for array in first], told

    bad = (
        Malformed("T too small", "T", lambda _: 1, ("sequences",), case=Case("", T=3, inputs={"sequences": ROWS})),
        Malformed("sequences of fractions", "sequences", lambda _: [[1.5]], case=Case("", inputs={"sequences": ROWS})),
    )

    @mistake("N949", replaces="pad_sequences")
    def sequences_on_the_right(sequences, *, value=0, T=None):
        """Begin on the left: what is padded stands behind a sequence, where the recurrence has ended."""
        ids, lengths = pad_sequences([row[::-1] for row in sequences], value=value, T=T)
        return ids[:, ::-1].copy(), lengths

    @mistake("N950", replaces="pad_sequences")
    def lengths_of_what_is_not_the_value(sequences, *, value=0, T=None):
        """Count the ids, not those that differ from the padding: it may occur in a sequence."""
        ids, _ = pad_sequences(sequences, value=value, T=T)
        return ids, (ids != value).sum(axis=1)

    @mistake("N950", replaces="pad_sequences")
    def lengths_of_the_array(sequences, *, value=0, T=None):
        """The lengths are those of the sequences before they are filled up."""
        ids, lengths = pad_sequences(sequences, value=value, T=T)
        return ids, np.full_like(lengths, ids.shape[1])

    @mistake("N951", replaces="pad_sequences")
    def always_filled_up_with_0(sequences, *, value=0, T=None):
        """Fill up with `value`: 0 may be a character."""
        return pad_sequences(sequences, T=T)

    @mistake("N951", replaces="pad_sequences")
    def longest_sequence_alone_decides(sequences, *, value=0, T=None):
        """T is how many steps the array has, if it is given."""
        return pad_sequences(sequences, value=value)
