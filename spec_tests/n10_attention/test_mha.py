"""Multi-head attention, of a sequence to itself as well, and what it looks at. Classic mistakes: mistakes_mha.py."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Function, Malformed, ParamsBlock
from nnspec.spec_tests._truth import named
from nnspec.spec_tests.n10_attention._masks import (
    a_query_with_none,
    causal,
    causal_among_themselves,
    of_two_heads,
    padded,
)
from nnspec.spec_tests.n10_attention._transformer import mha_of, weights_of

SIZES = {"N": 2, "Tq": 2, "E": 4, "Tk": 3}
GENERAL = {
    "square": {"N": 4, "Tq": 4, "E": 4, "Tk": 4},
    "odd": {"N": 3, "Tq": 5, "E": 8, "Tk": 7},
    "wide": {"N": 2, "Tq": 18, "E": 34, "Tk": 35},
    "explained": {"N": 1, "Tq": 1, "E": 2, "Tk": 2},
}


class Attention:
    options = {"heads": 2}
    trivial = ("scores",)  # a name for the axes of the mask
    bad = (
        Malformed("heads that do not divide E", "heads", lambda _: 3),
        Malformed("no heads", "heads", lambda _: 0),
        Malformed("a mask of other keys", "mask", lambda _: np.ones((2, 7), bool)),
        Malformed("a mask of numbers", "mask", lambda _: np.ones((2, 3))),
        Malformed("bq missing", "params", lambda params: {key: params[key] for key in params if key != "bq"}),
        Malformed("Wk too long", "params", lambda params: {**params, "Wk": np.vstack([params["Wk"]] * 2)}),
        Malformed("params a list", "params", lambda params: list(params.values())),
    )


class TestMha(Attention, ParamsBlock):
    rows = ("10.09",)

    def definition(self, q, k, v, *, heads, mask=None, **params):
        """out = concat_h(softmax(Q_h K_h^T / sqrt(d)) V_h) Wo + bo, d = E / heads. Vaswani et al. 2017, sec. 3.2.2."""
        return mha_of(q, k, v, params, heads, mask)

    def law_order_of_keys(self, run, problem):
        """Attention looks at a set: with keys and values in another order, together, nothing changes."""
        k, v = problem.inputs["k"], problem.inputs["v"]
        return run(k=k[:, ::-1], v=v[:, ::-1])["out"], run()["out"]

    def law_order_of_queries(self, run, problem):
        """Each query is answered by itself: in another order the answers come in that order."""
        return run(q=problem.inputs["q"][:, ::-1])["out"], run()["out"][:, ::-1]

    def law_masked_keys_do_not_count(self, run, problem):
        """Another key and value where no query may attend to them change nothing."""
        k, v = (problem.inputs[name].copy() for name in "kv")
        k[0, -1], v[0, -1] = 3 - k[0, -1], 7
        return run(k=k, v=v)["out"], run()["out"]

    sizes, general = SIZES, GENERAL
    cases = (
        Case("a mask for each head", mask=of_two_heads),
        Case("one head", heads=1),
        Case("as many heads as columns", heads=4),
        Case("causal", mask=causal),
        Case("padding", mask=padded),
        Case("a query without keys", mask=a_query_with_none),
    )
    ties = (Case("no sequences", N=0), Case("no keys", Tk=0), Case("no queries", Tq=0))

    def cases_of_law(self):
        masked = {"mask": padded}
        return [replace(case, options=masked if "masked" in case.name else {}) for case in super().cases_of_law()]

    def cases_of_scale(self):
        return [Case("many sequences", {"N": 30, "Tq": 17, "E": 32, "Tk": 40}, mask=padded)]


class TestSelfMha(Attention, ParamsBlock):
    rows = ("10.10", "10.11")

    def definition(self, x, *, heads, mask=None, **params):
        """Multi-head attention with q = k = v = x."""
        return mha_of(x, x, x, params, heads, mask)

    def law_permutation_equivariance(self, run, problem):
        """Without mask and positions it does not know the order of its tokens: F(P x) = P F(x)."""
        x, order = problem.inputs["x"], [2, 0, 1]
        moved, still = run(x=x[:, order]), run()
        return moved["out"], still["out"][:, order]

    def law_does_not_see_the_future(self, run, problem):
        """Under a causal mask another last token changes the last output alone."""
        x = problem.inputs["x"].copy()
        x[:, -1] = 3 - x[:, -1]
        return run(x=x)["out"][:, :-1], run()["out"][:, :-1]

    def law_the_first_token_sees_itself_alone(self, run, problem):
        """Under a causal mask the first output is that of a sequence of one token, repeated."""
        x = problem.inputs["x"]
        alone = np.broadcast_to(x[:, :1], x.shape)
        return run(x=alone)["out"][:, 0], run()["out"][:, 0]

    sizes = {"N": 2, "T": 3, "E": 4}
    general = {
        "square": {"N": 4, "T": 4, "E": 4},
        "odd": {"N": 3, "T": 5, "E": 6},
        "wide": {"N": 2, "T": 35, "E": 34},
        "explained": {"N": 1, "T": 2, "E": 2},
    }
    cases = (
        Case("causal", mask=causal_among_themselves),
        Case("padding", mask=padded),
    )
    ties = (Case("no sequences", N=0), Case("no tokens", T=0))
    bad = Attention.bad[:3]

    def cases_of_law(self):
        masked = {"mask": causal_among_themselves}
        plain = "equivariance"
        return [replace(case, options={} if plain in case.name else masked) for case in super().cases_of_law()]

    def cases_of_scale(self):
        return [Case("many sequences", {"N": 30, "T": 17, "E": 32}, mask=causal_among_themselves)]


class TestAttentionMap(Attention, Function):
    rows = ("10.28",)
    outputs = ("A",)

    def definition(self, q, k, *, heads, mask=None, **params):
        """A_h = softmax(Q_h K_h^T / sqrt(d)) over the keys that a query may attend to. Vaswani et al. 2017, eq. 1."""
        Q, K = (named(x @ params[f"W{name}"] + params[f"b{name}"]) for x, name in ((q, "q"), (k, "k")))
        return weights_of(Q, K, heads, mask)

    def law_rows_sum_to_one(self, run, problem):
        """What a query takes of all values is 1."""
        total = run()["A"].sum(axis=-1)
        return total, np.ones_like(total)

    sizes, general = SIZES, GENERAL
    cases = (
        Case("one head", heads=1),
        Case("causal", mask=causal),
        Case("a mask for each head", mask=of_two_heads),
        Case("a query without keys", mask=a_query_with_none),
    )
    ties = (Case("no sequences", N=0), Case("no keys", Tk=0))
    bad = Attention.bad[:3]

    def cases_of_scale(self):
        return []
