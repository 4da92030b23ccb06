"""Positional encodings: the sinusoidal table, and a table added to tokens. Classic mistakes: mistakes_positions.py."""

from math import cos, pi, sin

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, Malformed, Procedure


class TestSinusoidalPe(Procedure):
    rows = ("10.12",)

    def law_first_columns_by_formula(self, f):
        """pe[t, 2i] = sin(t / 10000^(2i/E)), pe[t, 2i + 1] = cos of the same. Vaswani et al. 2017, sec. 3.5."""
        by_hand = [[sin(t), cos(t), sin(t / 100), cos(t / 100)] for t in range(5)]
        return near(f(5, 4), by_hand), True

    def law_position_zero(self, f):
        """Positions count from 0, where every sine is 0 and every cosine 1."""
        return f(1, 6)[0].tolist(), [0, 1, 0, 1, 0, 1]

    def law_an_odd_width_ends_in_a_sine(self, f):
        """With E = 5 the last column is sin(t / 10000^(4/5)), without a cosine beside it."""
        by_hand = [[sin(t / 10000 ** (4 / 5))] for t in range(7)]
        return near(f(7, 5)[:, 4:], by_hand), True

    def law_another_base(self, f):
        """base^(2i/E) divides t: with base 16 and E = 4 the second pair turns a fourth as fast."""
        by_hand = [[sin(t), cos(t), sin(t / 4), cos(t / 4)] for t in range(4)]
        return near(f(4, 4, base=16.0), by_hand), True

    def law_a_longer_table_begins_with_the_shorter(self, f):
        """A row does not depend on how many there are."""
        return f(9, 6)[:4].tolist(), f(4, 6).tolist()

    def law_a_shift_is_a_rotation(self, f):
        """pe[t + k] is pe[t] with each pair rotated by a constant: what relative positions are read from."""
        pe = f(12, 8)
        s, c = pe[:, 0::2], pe[:, 1::2]
        shifted = s[:-3] * c[3] + c[:-3] * s[3]
        return near(s[3:], shifted), True

    def law_far_positions_keep_their_phase(self, f):
        """In float64, t = 100000 still has its angle."""
        return near(f(100_001, 2)[100_000], [sin(100_000 % (2 * pi)), cos(100_000 % (2 * pi))], 1e-9), True

    def law_shapes_and_dtype(self, f):
        """(T, E) in float64, also of no positions and of one column."""
        return [(f(T, E).shape, str(f(T, E).dtype)) for T, E in ((3, 8), (0, 4), (4, 1))], [
            ((3, 8), "float64"),
            ((0, 4), "float64"),
            ((4, 1), "float64"),
        ]

    def law_what_was_given_is_the_callers(self, f):
        """A later call leaves alone what an earlier one gave out, and knows nothing of it."""
        first = f(2, 2)
        first[...] = 7
        return [f(2, 2)[0].tolist(), first.tolist()], [[0, 1], [[7, 7], [7, 7]]]

    bad = tuple(
        Malformed(name, argument, case=Case("", inputs=given))
        for name, argument, given in (
            ("fewer than no positions", "T", {"T": -1, "E": 4}),
            ("no columns", "E", {"T": 3, "E": 0}),
            ("T of 2.5", "T", {"T": 2.5, "E": 4}),
        )
    )


class TestAddPe(Layer):
    rows = ("10.12", "10.13")

    def definition(self, x, pe):
        """out_nte = x_nte + pe_te, the first T rows of the table. Vaswani et al. 2017, sec. 3.5."""
        return x + pe[: x.shape[1]]

    def law_tells_tokens_apart(self, run, problem):
        """out - x is the table, the same in every sequence: equal tokens are no longer equal."""
        x = problem.inputs["x"]
        return run(x=0 * x)["out"], np.broadcast_to(problem.inputs["pe"][: x.shape[1]], x.shape)

    def law_rows_that_are_not_used_have_no_gradient(self, run, problem):
        """dpe is 0 behind the last token."""
        unused = run()["dpe"][problem.inputs["x"].shape[1] :]
        return unused, 0 * unused

    sizes = {"N": 2, "T": 3, "E": 4, "L": 5}
    general = {
        "odd": {"N": 5, "T": 7, "E": 3, "L": 9},
        "wide": {"N": 3, "T": 34, "E": 65, "L": 96},
        "explained": {"N": 2, "T": 1, "E": 1, "L": 2},
    }
    apart = (1,)
    cases = (Case("a row for each token", L=3),)
    ties = (Case("no sequences", N=0), Case("no tokens", T=0))
    bad = (Malformed("more tokens than rows", "pe", lambda pe: pe[:2]),)

    def cases_of_scale(self):
        return [Case("many sequences", {"N": 140, "T": 33, "E": 20, "L": 40})]


def near(got, want, within=1e-12):
    return np.shape(got) == np.shape(want) and bool(np.max(np.abs(got - np.array(want)), initial=0) < within)
