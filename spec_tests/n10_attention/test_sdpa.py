"""Scaled dot-product attention: definition, cases, laws and classic mistakes."""

import math
from dataclasses import replace

import numpy as np

from nnspec import reference
from nnspec.collect import public_functions
from nnspec.reference import masked_softmax_forward, sdpa_backward, sdpa_forward
from nnspec.spec_tests._kinds import Case, Layer, mistake
from nnspec.spec_tests._truth import exp, named, sqrt


def causal(dims, dtype):
    """Aligned to the end: the last query sees every key."""
    return np.tri(dims["Tq"], dims["Tk"], dims["Tk"] - dims["Tq"], dtype=bool)


def some(dims, dtype):
    """For each head its own, three fifths allowed."""
    return np.random.default_rng(0).random((*dims["batch"], dims["Tq"], dims["Tk"])) < 0.6


def a_query_with_none(dims, dtype):
    allowed = np.ones((dims["Tq"], dims["Tk"]), bool)
    allowed[-1] = False
    return allowed


def padding(dims, dtype):
    """Of each first index its own number of keys, the same for all heads and queries."""
    lengths = 1 + np.arange(dims["batch"][0]) % dims["Tk"]
    allowed = np.arange(dims["Tk"]) < lengths[:, None]
    return allowed.reshape(len(allowed), *[1] * len(dims["batch"]), dims["Tk"])


def window(dims, dtype):
    """Keys near the place of the query."""
    return abs(np.arange(dims["Tq"])[:, None] - np.arange(dims["Tk"])) < 20


def one_key_each(dims, dtype):
    return np.arange(dims["Tk"]) == (np.arange(dims["Tq"]) * 2 % dims["Tk"])[:, None]


def mean_from_out(dout, cache):
    """sum(p dp) as sum(dout out), rounded apart from dp. Dao et al. 2022, arXiv:2205.14135, eq. 4."""
    q, k, v, p, _, scale = cache
    mean = (dout * (p @ v)).sum(axis=-1, keepdims=True)
    dscores = scale * p * (dout @ v.swapaxes(-1, -2) - mean)
    return dscores @ k, dscores.swapaxes(-1, -2) @ q, p.swapaxes(-1, -2) @ dout


SMALL = {"batch": (2,)}
SQUARE = {"batch": (2,), "Tq": 3, "d": 3, "Tk": 3, "dv": 3}
LINE = {"batch": (1,), "Tq": 2, "d": 1, "Tk": 3, "dv": 2}  # scores are q_i k_j


class TestSdpa(Layer):
    rows = ("10.04",)

    cases = (
        Case("causal", SQUARE, {"mask": causal}),
        Case("causal, more keys than queries", SMALL, {"mask": causal}),
        Case("a mask for each head", SMALL, {"mask": some}),
        Case("padding", {"batch": (2,), "Tk": 3}, {"mask": padding}),
        Case("one key each", SMALL, {"mask": one_key_each}),
        Case("a query without keys", SMALL, {"mask": a_query_with_none}),
        Case("scale 1", SMALL, {"scale": 1.0}),
        Case("scale 0", SMALL, {"scale": 0.0}),
        Case("scale 0.3 and a mask", SMALL, {"scale": 0.3, "mask": some}),
        Case("more queries than keys", {"batch": (1,), "Tq": 5, "d": 2, "Tk": 3, "dv": 2}),
    )
    beyond = (
        Case("one head", {"batch": (), "Tq": 5, "d": 2, "Tk": 3, "dv": 2}),
        Case("heads of padded sequences", {"batch": (2, 2), "Tk": 3}, {"mask": padding}),
    )
    extremes = (
        Case("large scores", {**LINE, "d": 2},
             inputs={"q": [[[100, 30], [-70, 90]]], "k": [[[90, -100], [50, 60], [-80, 20]]]}),
        Case("queries far apart", LINE, inputs={"q": [[[1000], [-1000]]], "k": [[[1], [1.001], [0.999]]]}),
        Case("a large score where masked", LINE, {"mask": np.array([[True, True, False]])},
             {"q": [[[1], [2]]], "k": [[[0.5], [-0.25], [1e30]]]}),
        Case("below any filler", LINE, {"mask": np.array([[True, True, False]])},
             {"q": [[[1e5], [2e5]]], "k": [[[-1e5], [-1e5 + 1e-5], [0]]]}),
        Case("large, and a query without keys", LINE, {"mask": np.array([[False, False, False], [True, True, True]])},
             {"q": [[[1000], [1000]]], "k": [[[1], [-1], [0.5]]]}),
        Case("large values", inputs={"v": lambda rng, shape: 1e10 * rng.standard_normal(shape)}),
    )  # fmt: skip
    ties = (
        Case("no batch", {"batch": (0,)}),
        Case("no queries", {"Tq": 0}),
        Case("no keys", {"Tk": 0}),
        Case("no keys, and a mask", {"Tk": 0}, {"mask": causal}),
    )

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
            "a mask for each head": ({"batch": (2, 2), "Tq": 70, "d": 5, "Tk": 100, "dv": 7}, some),
            "window": ({"batch": (2,), "Tq": 200, "d": 5, "Tk": 210, "dv": 7}, window),
        }
        return [
            *(Case(name, dims) for name, dims in sizes.items()),
            *(Case(name, dims, {"mask": mask}) for name, (dims, mask) in masked.items()),
        ]

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

    @mistake("M96", "Normalize over the keys, the last axis of the scores: each query's weights sum to 1.",
             replaces="sdpa_forward")  # fmt: skip
    def softmax_over_the_queries(q, k, v, *, mask=None, scale=None):
        scores = _scores(q, k, scale).swapaxes(-1, -2)
        allowed = None if mask is None else np.broadcast_to(mask, (*q.shape[:-1], k.shape[-2])).swapaxes(-1, -2)
        return _from_weights(masked_softmax_forward(scores, mask=allowed)[0].swapaxes(-1, -2), q, k, v, mask, scale)

    @mistake("M97", "Divide the scores by sqrt(d), or they grow with d and the softmax saturates.",
             replaces="sdpa_forward")  # fmt: skip
    def scale_missing(q, k, v, *, mask=None, scale=None):
        return sdpa_forward(q, k, v, mask=mask, scale=1.0 if scale is None else scale)

    @mistake("M97", "The scale is 1 / sqrt(d) with the d of one head, not of all of them together.",
             replaces="sdpa_forward")  # fmt: skip
    def d_of_all_heads(q, k, v, *, mask=None, scale=None):
        heads = math.prod(q.shape[:-2])
        return sdpa_forward(q, k, v, mask=mask, scale=1 / math.sqrt(heads * q.shape[-1]) if scale is None else scale)

    @mistake("M98", "True means that a query may attend, as in CS231n; `nn.MultiheadAttention` has it the other way.",
             replaces="sdpa_forward")  # fmt: skip
    def polarity_inverted(q, k, v, *, mask=None, scale=None):
        return sdpa_forward(q, k, v, mask=None if mask is None else ~mask, scale=scale)

    @mistake("M99", "Mask the scores before the softmax: masked after it, the weights no longer sum to 1.",
             replaces="sdpa_forward")  # fmt: skip
    def masked_after_the_softmax(q, k, v, *, mask=None, scale=None):
        p, _ = masked_softmax_forward(_scores(q, k, scale))
        return _from_weights(p if mask is None else p * mask, q, k, v, mask, scale)

    @mistake("M100", "A query without keys gives 0, not NaN, which would reach every weight in the backward.",
             replaces="sdpa_forward")  # fmt: skip
    def queries_without_keys_are_nan(q, k, v, *, mask=None, scale=None):
        p, _ = masked_softmax_forward(_scores(q, k, scale), mask=mask)
        return _from_weights(np.where(p.any(axis=-1, keepdims=True), p, np.nan), q, k, v, mask, scale)

    @mistake("M106", "The softmax couples all keys of a query: dscores = p * (dp - sum(p * dp)), not p (1 - p) dp.",
             replaces="sdpa_backward")  # fmt: skip
    def diagonal_only(dout, cache):
        q, k, v, p, _, scale = cache
        dscores = scale * p * (1 - p) * (dout @ v.swapaxes(-1, -2))
        _, _, dv = sdpa_backward(dout, cache)
        return dscores @ k, dscores.swapaxes(-1, -2) @ q, dv

    @mistake("N69", "Scale once: divide q or the scores by sqrt(d), not q and k both.", replaces="sdpa_forward")
    def scaled_twice(q, k, v, *, mask=None, scale=None):
        return sdpa_forward(q, k, v, mask=mask, scale=1 / q.shape[-1] if scale is None else scale * scale)

    @mistake("N70", "The scale is that of queries and keys, 1 / sqrt(d): values have a width of their own.",
             replaces="sdpa_forward")  # fmt: skip
    def width_of_the_values(q, k, v, *, mask=None, scale=None):
        return sdpa_forward(q, k, v, mask=mask, scale=1 / math.sqrt(v.shape[-1]) if scale is None else scale)

    @mistake("N95", "Compare scale with None: 0 is a scale like any other.", replaces="sdpa_forward")
    def scale_0_overlooked(q, k, v, *, mask=None, scale=None):
        return sdpa_forward(q, k, v, mask=mask, scale=scale or None)

    @mistake("N71", "The scale belongs to the backward as well: dq and dk carry it.", replaces="sdpa_backward")
    def gradient_without_the_scale(dout, cache):
        dq, dk, dv = sdpa_backward(dout, cache)
        return dq / cache[-1], dk / cache[-1], dv

    @mistake("N72", "The mask chooses, it is no score: True added to a score is 1.", replaces="sdpa_forward")
    def mask_added_as_a_number(q, k, v, *, mask=None, scale=None):
        p, _ = masked_softmax_forward(_scores(q, k, scale) + (0 if mask is None else mask))
        return _from_weights(p, q, k, v, mask, scale)

    @mistake("N65", "Fill in -inf: with -1e9 a query without keys averages all values.", replaces="sdpa_forward")
    def a_large_number_as_minus_infinity(q, k, v, *, mask=None, scale=None):
        scores = _scores(q, k, scale)
        p, _ = masked_softmax_forward(scores if mask is None else np.where(mask, scores, -1e9))
        return _from_weights(p, q, k, v, mask, scale)

    @mistake("M18", "Subtract each query's largest score before exp.", replaces="sdpa_forward")
    def no_max_subtracted(q, k, v, *, mask=None, scale=None):
        e = np.exp(_scores(q, k, scale)) * (True if mask is None else mask)
        total = e.sum(axis=-1, keepdims=True)
        return _from_weights(e / np.where(total == 0, 1, total), q, k, v, mask, scale)

    @mistake("M19", "Subtract each query's own largest score: below the global one others become 0/0.",
             replaces="sdpa_forward")  # fmt: skip
    def global_max_subtracted(q, k, v, *, mask=None, scale=None):
        scores = _scores(q, k, scale)
        e = np.exp(scores - scores.max(initial=-np.inf)) * (True if mask is None else mask)
        total = e.sum(axis=-1, keepdims=True)
        return _from_weights(e / np.where(total == 0, 1, total), q, k, v, mask, scale)

    @mistake("M52", "dv = p^T dout: with as many queries as keys it also fits without the transpose.",
             replaces="sdpa_backward")  # fmt: skip
    def dv_without_the_transpose(dout, cache):
        dq, dk, dv = sdpa_backward(dout, cache)
        p = cache[3]
        return dq, dk, p @ dout if p.shape[-1] == p.shape[-2] else dv

    @mistake("M52", "dk = dscores^T q: with as many queries as keys it also fits without the transpose.",
             replaces="sdpa_backward")  # fmt: skip
    def dk_without_the_transpose(dout, cache):
        q, _, v, p, softmax, scale = cache
        dq, dk, dv = sdpa_backward(dout, cache)
        dscores = scale * _softmax_backward(dout @ v.swapaxes(-1, -2), p)
        return dq, dscores @ q if p.shape[-1] == p.shape[-2] else dk, dv

    @mistake("N823", "Divide by sqrt(d), do not multiply.", replaces="sdpa_forward")
    def multiplied_by_the_root(q, k, v, *, mask=None, scale=None):
        return sdpa_forward(q, k, v, mask=mask, scale=math.sqrt(q.shape[-1]) if scale is None else scale)

    @mistake("N71", "The scale belongs to dk as much as to dq.", replaces="sdpa_backward")
    def dk_without_the_scale(dout, cache):
        dq, dk, dv = sdpa_backward(dout, cache)
        return dq, dk / cache[-1], dv

    @mistake("N824", "mask is (…, Tq, Tk), a row for each query. With Tq = Tk it fits transposed as well.",
             replaces="sdpa_forward")  # fmt: skip
    def mask_transposed(q, k, v, *, mask=None, scale=None):
        square = mask is not None and mask.ndim > 1 and mask.shape[-1] == mask.shape[-2]
        return sdpa_forward(q, k, v, mask=mask.swapaxes(-1, -2).copy() if square else mask, scale=scale)


def _scores(q, k, scale):
    return (1 / math.sqrt(q.shape[-1]) if scale is None else scale) * (q @ k.swapaxes(-1, -2))


def _softmax_backward(dp, p):
    return p * (dp - (dp * p).sum(axis=-1, keepdims=True))


def _from_weights(p, q, k, v, mask, scale):
    """The output of wrong weights, with a cache in which they stand."""
    out, cache = sdpa_forward(q, k, v, mask=mask, scale=scale)
    return p @ v, cache.of((q, k, v, p, (p,), cache[-1]), cache.op, [out])
