"""Whether a difference goes across a kink: its laws. Classic mistakes: mistakes_crosses_kink.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Malformed, Procedure

X = np.array([[0.25, -3.0, 4e-6], [2.0, 2.0 + 2**-18, -4e-6]])  # 2**-18 is about 4e-6
NEAR_0 = [[False, False, True], [False, False, True]]


def signs(x):
    return x > 0


CALL = Case("", inputs={"trace": signs, "x": X, "index": (0, 1)})


class TestCrossesKink(Procedure):
    rows = ("04.07",)

    def law_of_a_relu(self, f):
        """The step of 1e-5 goes across 0 where |x| is less than that, from either side, and nowhere else."""
        return each(f, signs, X), NEAR_0

    def law_at_the_kink_itself(self, f):
        """At 0, and at -0.0, one side is open and the other shut."""
        return each(f, signs, np.array([0.0, -0.0, 1.0])), [True, True, False]

    def law_every_call_is_of_its_own(self, f):
        """Another x of the same shape has other kinks, and the first one still has its own."""
        return [each(f, signs, x).sum() for x in (X, np.ones((2, 3)), X)], [2, 0, 2]

    def law_an_index_may_be_a_list(self, f):
        """It says which entry as a tuple does."""
        return [bool(f(signs, X, [i, 2])) for i in range(2)] + [bool(f(signs, X, [0, 1]))], [True, True, False]

    def law_a_hundred_thousandth_by_default(self, f):
        """The step is that of the difference, 1e-5: it reaches 9e-6 and not 1.1e-5."""
        return each(f, signs, np.array([9e-6, 1.1e-5])), [True, False]

    def law_of_a_maximum(self, f):
        """An argmax changes where two entries of a row nearly tie: a step of either of them decides."""
        crossed = each(f, lambda x: x.argmax(axis=1), X)
        return crossed, [[False, False, False], [True, True, False]]

    def law_the_step_decides(self, f):
        """A smaller step stays on one side, a larger one reaches further."""
        found = [each(f, signs, X, h=h).sum() for h in (1e-6, 1e-5, 0.5, 5.0)]
        return found, [0, 2, 3, 6]

    def law_no_kink_where_nothing_bends(self, f):
        """Winners that do not depend on x never change, nor does a trace of none at all."""
        return [each(f, trace, X).sum() for trace in (lambda x: np.zeros(3, int), lambda x: [], lambda x: {})], [
            0,
            0,
            0,
        ]

    def law_all_winners_count(self, f):
        """Of several layers, in a list, a tuple or a dict, one that changes is enough, whichever it is."""
        calm = np.array([True, False])
        traces = (lambda x: [calm, x > 0], lambda x: (x > 0, calm), lambda x: {"a": calm, "b": {"c": x > 0}})
        return [each(f, trace, X).sum() for trace in traces], [2, 2, 2]

    def law_a_list_of_those_that_are_open(self, f):
        """Where fewer are open the list is shorter."""
        return each(f, lambda x: np.flatnonzero(x > 0).tolist(), X), NEAR_0

    def law_one_winner_of_many(self, f):
        """A single unit that opens is seen among others, also where another one shuts and their number stays."""
        x = np.array([0.0, 1.0])
        return each(f, lambda x: np.array([x[0] > 0, x[0] < 0]), x), [True, False]

    def law_a_trace_may_fill_one_buffer(self, f):
        """What trace returned at x + h may be overwritten at x - h."""
        buffer = np.empty(X.shape, bool)
        return each(f, lambda x: np.greater(x, 0, out=buffer), X), NEAR_0

    def law_it_looks_at_both_ends_of_the_step(self, f):
        """trace is asked at x + h e_i and x - h e_i."""
        asked = []
        f(lambda x: [asked.append(x.copy()), x > 0][1], X, (1, 0), h=0.5)
        ends = {tuple((at - X).ravel().tolist()) for at in asked} - {(0.0,) * 6}
        return sorted(ends), [(0, 0, 0, -0.5, 0, 0), (0, 0, 0, 0.5, 0, 0)]

    def law_x_is_as_it_was(self, f):
        """x stays, bit for bit."""
        x = X.copy()
        f(signs, x, (0, 1))
        return x, X

    bad = (
        Malformed("an index beyond x", "index", lambda _: (2, 0), case=CALL),
        Malformed("an index below 0", "index", lambda _: (0, -1), case=CALL),
        Malformed("an index too short", "index", lambda _: (0,), case=CALL),
        Malformed("an index that is a number", "index", lambda _: 1, case=CALL),
        Malformed("x of integers", "x", lambda x: x.astype(int), case=CALL),
        Malformed("a trace that is no function", "trace", lambda _: X > 0, case=CALL),
        Malformed("h of 0", "h", case=Case("", h=0.0, inputs=dict(CALL.inputs))),
    )


def each(f, trace, x, **options):
    """What is said of every entry of a copy, in which a wrong step may be left."""
    x = x.copy()
    said = [bool(f(trace, x, i, **options)) for i in np.ndindex(x.shape)]
    return np.array(said).reshape(x.shape)
