"""Scaled dot-product attention: definition, laws and cases. Classic mistakes: mistakes_sdpa.py."""

from dataclasses import replace

import numpy as np

from nnspec import reference
from nnspec.concepts.collect import public_functions
from nnspec.spec_tests._kinds import Case, Layer
from nnspec.spec_tests._truth import exp, named, sqrt
from nnspec.spec_tests.n10_attention._masks import a_query_with_none, causal, one_key_each, padding, some_pairs, window

SMALL = {"batch": (2,)}
SQUARE = {"batch": (2,), "Tq": 3, "d": 3, "Tk": 3, "dv": 3}
LINE = {"batch": (1,), "Tq": 2, "d": 1, "Tk": 3, "dv": 2}
LARGE = {"q": [[[100, 30], [-70, 90]]], "k": [[[90, -100], [50, 60], [-80, 20]]]}
FIRST_TWO = np.array([[True, True, False]])
SECOND_ALONE = np.array([[False, False, False], [True, True, True]])
NO_NUMBERS = {"v": [[[1, 2], [3, -1], [np.nan, np.inf]]], "dout": [[[1, -2], [np.nan, np.inf]]]}


def on_a_line(q, k):
    """Of two queries and three keys with one feature: the scores are q_i k_j."""
    return {"q": np.reshape(q, (1, 2, 1)), "k": np.reshape(k, (1, 3, 1))}


class TestSdpa(Layer):
    rows = ("10.04",)

    def definition(self, q, k, v, *, mask=None, scale=None):
        """out = softmax(q k^T / sqrt(d)) v, over the allowed keys; 0 without any. Vaswani et al. 2017, eq. 1."""
        d, tk = q.shape[-1], k.shape[-2]
        scale = 1 / sqrt(d) if scale is None else scale
        allowed = np.broadcast_to(True if mask is None else mask, (*q.shape[:-1], tk))
        out = np.zeros((*q.shape[:-1], v.shape[-1]), object)
        for *head, i in np.ndindex(q.shape[:-1]):
            head = tuple(head)
            keys = [j for j in range(tk) if allowed[(*head, i, j)]]
            e = [named(exp(named(scale * sum(q[(*head, i)] * k[(*head, j)])))) for j in keys]
            total = named(sum(e))
            for weight, j in zip(e, keys, strict=True):
                out[(*head, i)] = out[(*head, i)] + named(weight / total) * v[(*head, j)]
        return out

    def law_order_of_keys(self, run, problem):
        """Attention looks at a set: with keys and values in another order, together, nothing changes."""
        return run(k=problem.inputs["k"][..., ::-1, :], v=problem.inputs["v"][..., ::-1, :])["out"], run()["out"]

    def law_average_of_values(self, run, problem):
        """The weights of a query sum to 1: equal values come out as they are."""
        v = problem.inputs["v"]
        same = np.broadcast_to(v[..., :1, :], v.shape)
        out = run(v=same)["out"]
        return out, np.broadcast_to(same[..., :1, :], out.shape)

    def law_a_common_direction_of_keys_does_not_count(self, run, problem):
        """Adding the same vector to every key shifts all scores of a query alike, which softmax does not see."""
        k = problem.inputs["k"]
        return run(k=k + k[..., :1, :])["out"], run()["out"]

    def law_does_not_see_the_future(self, run, problem):
        """Under a causal mask another last key and value reach the last query alone."""
        k, v = (problem.inputs[name].copy() for name in "kv")
        k[..., -1, :], v[..., -1, :] = 3 - k[..., -1, :], 7
        return run(k=k, v=v)["out"][..., :-1, :], run()["out"][..., :-1, :]

    cases = (
        Case("causal", SQUARE, mask=causal),
        Case("causal, more keys than queries", SMALL, mask=causal),
        Case("a mask for each head", SMALL, mask=some_pairs),
        Case("padding", {"batch": (2,), "Tk": 3}, mask=padding),
        Case("one key each", SMALL, mask=one_key_each),
        Case("a query without keys", SMALL, mask=a_query_with_none),
        Case("scale 1", SMALL, scale=1.0),
        Case("scale 0", SMALL, scale=0.0),
        Case("scale 0.3 and a mask", SMALL, scale=0.3, mask=some_pairs),
        Case("more queries than keys", {"batch": (1,), "Tq": 5, "d": 2, "Tk": 3, "dv": 2}),
    )
    beyond = (
        Case("one head", {"batch": (), "Tq": 5, "d": 2, "Tk": 3, "dv": 2}),
        Case("heads of padded sequences", {"batch": (2, 2), "Tk": 3}, mask=padding),
    )
    extremes = (
        Case("large scores", {**LINE, "d": 2}, inputs=LARGE),
        Case("queries far apart", LINE, inputs=on_a_line([1000, -1000], [1, 1.001, 0.999])),
        Case("a large score where masked", LINE, mask=FIRST_TWO, inputs=on_a_line([1, 2], [0.5, -0.25, 1e30])),
        Case("below any filler", LINE, mask=FIRST_TWO, inputs=on_a_line([1e5, 2e5], [-1e5, -1e5 + 1e-5, 0])),
        Case("large, and a query without keys", LINE, mask=SECOND_ALONE, inputs=on_a_line([1000, 1000], [1, -1, 0.5])),
        Case("large values", inputs={"v": lambda rng, shape: 1e10 * rng.standard_normal(shape)}),
    )
    ties = (
        Case("no batch", {"batch": (0,)}),
        Case("no queries", Tq=0),
        Case("no keys", Tk=0),
        Case("no keys, and a mask", Tk=0, mask=causal),
        Case(
            "NaN and infinity where nobody attends",
            LINE,
            mask=FIRST_TWO & ~SECOND_ALONE,
            inputs=on_a_line([1, np.nan], [0.5, -1, np.inf]) | NO_NUMBERS,
        ),
    )

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """Those of a backward that keeps no weights: where a query has one key, the reference leaves nothing at all."""
        functions = public_functions(reference) | {"sdpa_backward": mean_from_out}
        return problem.budgets(want, functions, at_tie)

    def cases_of_law(self):
        return [
            replace(case, options={"mask": causal} if "future" in case.name else {}) for case in super().cases_of_law()
        ]

    def cases_of_agreement(self):
        """Few heads where the rest is wide."""
        cases = super().cases_of_agreement()
        return [replace(case, dims={**case.dims, "batch": (3, 2)}) if case.name == "wide" else case for case in cases]

    def cases_of_scale(self):
        """Blocks of queries and of keys with a rest in each; many small heads; more keys than a block holds."""
        sizes = {
            "many queries and keys": {"batch": (2,), "Tq": 130, "d": 33, "Tk": 190, "dv": 40},
            "many heads": {"batch": (500, 4), "Tq": 4, "d": 4, "Tk": 5, "dv": 3},
            "many keys": {"batch": (), "Tq": 5, "d": 4, "Tk": 20000, "dv": 3},
        }
        masked = {
            "causal": ({"batch": (2, 2), "Tq": 90, "d": 9, "Tk": 170, "dv": 33}, causal),
            "padding": ({"batch": (5, 2), "Tq": 70, "d": 5, "Tk": 300, "dv": 7}, padding),
            "a mask for each head": ({"batch": (2, 2), "Tq": 70, "d": 5, "Tk": 100, "dv": 7}, some_pairs),
            "window": ({"batch": (2,), "Tq": 200, "d": 5, "Tk": 210, "dv": 7}, window),
        }
        return [
            *(Case(name, dims) for name, dims in sizes.items()),
            *(Case(name, dims, mask=mask) for name, (dims, mask) in masked.items()),
        ]


def mean_from_out(dout, cache):
    """sum(p dp) as sum(dout out), rounded apart from dp. Dao et al. 2022, arXiv:2205.14135, eq. 4."""
    q, k, v, p, _, scale = cache
    dout = np.where(p.any(axis=-1, keepdims=True), dout, 0)
    mean = (dout * (p @ v)).sum(axis=-1, keepdims=True)
    dscores = scale * p * (dout @ v.swapaxes(-1, -2) - mean)
    return dscores @ k, dscores.swapaxes(-1, -2) @ q, p.swapaxes(-1, -2) @ dout
