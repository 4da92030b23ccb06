"""Sampling: the distribution of the next token and what is drawn from it. Classic mistakes: mistakes_sampling.py."""

import numpy as np

from nnspec.spec_tests import _truth
from nnspec.spec_tests._kinds import Case, Function, Malformed
from nnspec.spec_tests._truth import exp

NEAR_1 = 1 - 2.0**-24  # as near as single precision comes
SHORT = [[2.25, 0.25, 0, -1]]  # of the first three, single precision adds up less than NEAR_1
EDGE = np.log([[0.5, 0.2501, 0.2499]])  # half precision takes the first two for 0.75
ROWS = [[2.0, -1.0, 0.5, 1.0, -3.0], [0.25, 0.5, 3.0, -0.75, 1.5]]


class TestSamplingDistribution(Function):
    rows = ("09.19",)

    def definition(self, scores, *, kept=None, temperature=1, top_k=None, top_p=None):
        """p_v = exp(s_v / temperature) / sum of those that are kept, else 0. Holtzman et al. 2020, eq. 2 and 3."""
        kept = np.ones(scores.shape, int) if kept is None else np.asarray(kept, int)
        e = kept * exp(scores / (temperature or 1))
        return np.array([row / sum(row) for row in e])

    def law_sums_to_1(self, run, problem):
        """Whatever is kept, its probabilities sum to 1."""
        scores = problem.inputs["scores"]
        return run()["out"].sum(axis=1), np.ones(len(scores))

    def law_a_shift_changes_nothing(self, run, problem):
        """Adding a constant to the scores of a row changes no probability."""
        return run(scores=problem.inputs["scores"] + problem.dtype.type(2))["out"], run()["out"]

    def law_ids_have_no_order(self, run, problem):
        """In another order the tokens have the same probabilities, in that order."""
        return run(scores=problem.inputs["scores"][:, ::-1])["out"][:, ::-1], run()["out"]

    sizes = {"N": 2, "V": 5}
    tall = ((257, 33), (2000, 4))
    cases = (
        Case("cold", temperature=0.5),
        Case("hot", temperature=3.0),
        Case("greedy", temperature=0.0),
        Case("greedy whatever else is asked", temperature=0.0, top_k=3, top_p=0.9),
        *(Case(f"top {k}", top_k=k, inputs={"scores": ROWS}) for k in (1, 2, 5)),
        *(Case(f"nucleus of {p}", top_p=p, inputs={"scores": ROWS}) for p in (0.05, 0.6, 0.95, 1.0)),
        Case("nucleus of the top 3", top_k=3, top_p=0.8, inputs={"scores": ROWS}),
        Case("nucleus, cold", temperature=0.4, top_p=0.9, inputs={"scores": ROWS}),
        Case("near the edge of the nucleus", N=1, V=3, top_p=0.75005, inputs={"scores": EDGE}),
        Case("a single token", N=2, V=1, top_p=0.5),
    )
    extremes = (
        Case("large scores", N=2, V=3, inputs={"scores": [[1000, 0, -1000], [500, 499, -300]]}),
        Case("rows far apart", N=2, V=3, inputs={"scores": [[1000, 999, 998.5], [-1000, -999.25, -1001]]}),
        Case("very cold", N=2, V=3, temperature=1e-3, inputs={"scores": [[1, 0.999, 0], [-2, 3, 2.9995]]}),
        Case("nucleus of everything", N=1, V=4, top_p=1.0, inputs={"scores": [[40, 0, -1, -40]]}),
    )
    ties = (
        Case("equal scores, greedy", N=2, V=3, temperature=0.0, inputs={"scores": [[1, 1, 0], [0, 2, 2]]}),
        Case("equal scores at the k-th", N=2, V=4, top_k=2, inputs={"scores": [[1, 0, 1, 1], [0, 0, 3, 0]]}),
        Case("equal scores at the edge of the nucleus", N=1, V=4, top_p=0.5, inputs={"scores": [[0, 0, 0, 0]]}),
        Case("many equal scores", N=2, V=40, top_k=7, inputs={"scores": [np.arange(40) % 3] * 2}),
        Case("impossible tokens", N=2, V=3, inputs={"scores": [[-np.inf, 1, 0], [2, -np.inf, -np.inf]]}),
        Case("impossible tokens, top 2", N=1, V=3, top_k=2, inputs={"scores": [[-np.inf, 1, -np.inf]]}),
        Case("no rows", N=0),
    )
    bad = (
        Malformed("temperature below 0", "temperature", lambda _: -1.0),
        Malformed("temperature not a number", "temperature", lambda _: float("nan")),
        Malformed("temperature infinite", "temperature", lambda _: float("inf")),
        Malformed("top_k of 0", "top_k", lambda _: 0),
        Malformed("top_k above V", "top_k", lambda _: 6),
        Malformed("top_p of 0", "top_p", lambda _: 0.0),
        Malformed("top_p above 1", "top_p", lambda _: 1.5),
    )

    def truth(self, problem):
        """Which tokens are kept depends on the numbers: it is decided first, and is a constant to the definition."""
        kept = kept_of(problem.inputs["scores"], **problem.options)
        constants = problem.constants() | {"kept": kept.astype(int)}
        (out,), _ = _truth.evaluate(self.definition, problem.floats(), constants)
        return {"out": out}


class TestSampleStep(Function):
    rows = ("09.19",)
    discrete = True

    def definition(self, scores, u=None, *, temperature=1, top_k=None, top_p=None):
        """id = the first v with p_0 + … + p_v > u. Devroye 1986, "Non-uniform random variate generation"."""
        scores = np.array(scores, np.longdouble)
        temperature, top_p = float(temperature), top_p and float(top_p)
        kept = kept_of(scores, temperature=temperature, top_k=top_k, top_p=top_p)
        e = kept * np.exp((scores - scores.max(axis=1, keepdims=True)) / (temperature or 1))
        p = e / e.sum(axis=1, keepdims=True)
        drawn = np.zeros(len(p)) if u is None else np.array(u, np.longdouble)
        found = []
        for row, bound in zip(p, drawn, strict=True):
            possible = np.flatnonzero(row)
            found.append(next((v for v in possible if row[: v + 1].sum() > bound), possible[-1]))
        return np.array(found, int)

    def law_every_token_has_its_share(self, run, problem):
        """Of u evenly spread over 0 … 1, each token gets the share that it has in the distribution."""
        n, scores = 4000, problem.inputs["scores"][:1]
        u = ((np.arange(n) + 0.5) / n).astype(problem.dtype)
        drawn = run(scores=np.repeat(scores, n, axis=0), u=u)["out"]
        e = np.exp(scores[0].astype(np.longdouble))
        share = np.bincount(drawn.astype(int), minlength=len(e)) / n
        return bool((abs(share - e / e.sum()) <= 2 / n).all()), True

    sizes = {"N": 4, "V": 5}
    tall = ((257, 33),)
    cases = (
        Case("greedy", temperature=0.0),
        Case("greedy without u", temperature=0.0, without=("u",)),
        Case("cold", temperature=0.3),
        Case("top 2", top_k=2),
        Case("nucleus", top_p=0.7),
        Case("nucleus of the top 3, hot", temperature=2.0, top_k=3, top_p=0.8),
        Case("u of 0, and the first token is not kept", N=1, V=3, top_k=1, inputs={"scores": [[0, 1, 3]], "u": [0.0]}),
        Case("u near an edge", N=1, V=2, inputs={"scores": [[0.0004, 0]], "u": [0.50005]}),
        Case("a u for each row", N=3, V=2, inputs={"scores": [[0, 0]] * 3, "u": [0.1, 0.9, 0.3]}),
    )
    extremes = (
        Case("u near 1", N=2, V=7, inputs={"u": [NEAR_1, NEAR_1]}),
        Case("u near 1, the last is not kept", N=1, V=4, top_k=3, inputs={"scores": SHORT, "u": [NEAR_1]}),
    )
    ties = (
        Case(
            "impossible tokens", N=2, V=3, inputs={"scores": [[-np.inf, 1, 0], [2, -np.inf, -np.inf]], "u": [0, 0.99]}
        ),
        Case("u on an edge", N=2, V=2, inputs={"scores": [[0, 0], [0, 0]], "u": [0.5, 0.0]}),
        Case("equal scores, greedy", N=2, V=3, temperature=0.0, inputs={"scores": [[1, 1, 0], [0, 2, 2]]}),
        Case("no rows", N=0),
    )
    bad = (
        Malformed("no u", "u", lambda _: None),
        Malformed("u of 1", "u", lambda u: 0 * u + 1),
        Malformed("u below 0", "u", lambda u: 0 * u - 0.25),
        Malformed("temperature below 0", "temperature", lambda _: -1.0),
        Malformed("top_k above V", "top_k", lambda _: 6),
        Malformed("top_p above 1", "top_p", lambda _: 1.5),
    )

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        if "u" in inputs and "u" not in case.inputs:
            inputs["u"] = np.random.default_rng(7).random(dims["N"]).astype(dtype) * dtype.type(0.999)
        return inputs


def kept_of(scores, *, temperature=1.0, top_k=None, top_p=None):
    """(N, V): which tokens are kept, one row after another."""
    kept = np.zeros(scores.shape, bool)
    for row, here in zip(np.array(scores, np.longdouble), kept, strict=True):
        order = sorted(range(len(row)), key=lambda v: (-row[v], v))
        order = order[:1] if temperature == 0 else order[:top_k]
        e = np.exp((row[order] - row[order[0]]) / (temperature or 1))
        together, nucleus = 0, 1 if top_p is None else top_p
        for v, share in zip(order, e / e.sum(), strict=True):
            here[v] = top_p in (None, 1) or together < nucleus
            together = together + share
    return kept
