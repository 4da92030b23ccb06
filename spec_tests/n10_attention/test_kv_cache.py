"""Incremental decoding with a cache of keys and values: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import mha_step
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake
from nnspec.spec_tests._truth import named
from nnspec.spec_tests.n10_attention._parts import Parts
from nnspec.spec_tests.n10_attention._transformer import weights_of


class TestMhaStep(Function):
    rows = ("10.30",)
    outputs = ("out", "K_next", "V_next")
    options = {"heads": 2}

    def definition(self, x, K=None, V=None, *, heads, **params):
        """out = concat_h(A_h V_h) Wo + bo of the new queries over [K; k], [V; v], the future masked. Shazeer 2019."""
        q, k, v = (x @ params[f"W{name}"] + params[f"b{name}"] for name in "qkv")
        if K is not None:
            k, v = (np.concatenate(both, axis=1) for both in ((K, k), (V, v)))
        (T, E), S = x.shape[1:], k.shape[1]
        A = weights_of(named(q), named(k), heads, np.tri(T, S, S - T, dtype=bool))
        columns = [A[:, h] @ v[..., h * E // heads : (h + 1) * E // heads] for h in range(heads)]
        return named(np.concatenate(columns, axis=-1)) @ params["Wo"] + params["bo"], k, v

    def law_token_by_token(self, run, problem):
        """Two steps of a token each give what one step of two gives."""
        x, whole = problem.inputs["x"], run()
        first = run(x=x[:, :1])
        second = run(x=x[:, 1:], K=first["K_next"], V=first["V_next"])
        by_token = [first["out"][:, 0], second["out"][:, 0]]
        return [*by_token, second["K_next"][:, -1]], [whole["out"][:, 0], whole["out"][:, 1], whole["K_next"][:, -1]]

    def law_what_is_kept_stays(self, run, problem):
        """K and V come back with the new ones behind them."""
        answer, S = run(), problem.inputs["K"].shape[1]
        kept = [answer["K_next"][:, :S], answer["V_next"][:, :S]]
        return kept, [problem.inputs["K"], problem.inputs["V"]]

    def law_later_tokens_do_not_count(self, run, problem):
        """Of several new tokens the first does not see the second."""
        x = problem.inputs["x"].copy()
        x[:, -1] = 3 - x[:, -1]
        return run(x=x)["out"][:, :-1], run()["out"][:, :-1]

    sizes = {"N": 2, "T": 2, "E": 4, "S": 3}
    general = {
        "square": {"N": 4, "T": 4, "E": 4, "S": 4},
        "odd": {"N": 3, "T": 5, "E": 6, "S": 7},
        "wide": {"N": 2, "T": 3, "E": 34, "S": 67},
        "explained": {"N": 1, "T": 1, "E": 2, "S": 1},
    }
    apart = (1,)
    cases = (
        Case("a single token", T=1),
        Case("one head", T=1, heads=1),
        Case("where a sequence begins", without=("K", "V")),
    )
    ties = (Case("nothing kept", S=0), Case("no sequences", N=0))
    bad = (
        Malformed("heads that do not divide E", "heads", lambda _: 3),
        Malformed("K without V", "V", lambda _: None),
        Malformed("bk missing", "params", lambda params: {key: params[key] for key in params if key != "bk"}),
    )

    def cases_of_scale(self):
        return []

    @mistake("M113", replaces="mha_step")
    def cache_not_appended(x, params, K=None, V=None, *, heads):
        """Append the new keys and values to what is kept, and hand that on."""
        out, K_next, V_next = mha_step(x, params, K, V, heads=heads)
        return out, (K_next if K is None else K.copy()), (V_next if V is None else V.copy())

    @mistake("M113", replaces="mha_step")
    def what_is_kept_not_looked_at(x, params, K=None, V=None, *, heads):
        """The query attends to all keys so far, not to those of this step alone."""
        _, K_next, V_next = mha_step(x, params, K, V, heads=heads)
        return mha_step(x, params, heads=heads)[0], K_next, V_next

    @mistake("M113", replaces="mha_step")
    def mask_aligned_to_the_start(x, params, K=None, V=None, *, heads):
        """The new queries are the last of the sequence: one of them sees everything, not the first key alone."""
        ops = Parts(causal_mask=lambda Tq, Tk: np.tri(Tq, Tk, dtype=bool))
        return mha_step(x, params, K, V, heads=heads, ops=ops)

    @mistake("N1001", replaces="mha_step")
    def no_causal_mask(x, params, K=None, V=None, *, heads):
        """Of several new tokens none sees the later ones: mask the future among them."""
        ops = Parts(causal_mask=lambda Tq, Tk: np.ones((Tq, Tk), bool))
        return mha_step(x, params, K, V, heads=heads, ops=ops)

    @mistake("N1019", replaces="mha_step")
    def new_ones_in_front(x, params, K=None, V=None, *, heads):
        """New keys and values go behind those that are kept: the order is that of the tokens."""
        out, K_next, V_next = mha_step(x, params, K, V, heads=heads)
        return out, *(np.roll(kept, x.shape[1], axis=1) for kept in (K_next, V_next))

    @mistake("N1020", replaces="mha_step")
    def keys_kept_unprojected(x, params, K=None, V=None, *, heads):
        """Keep keys and values, not the tokens that they are made of."""
        out, K_next, V_next = mha_step(x, params, K, V, heads=heads)
        T = x.shape[1]
        return out, *(np.concatenate([kept[:, : kept.shape[1] - T], x], axis=1) for kept in (K_next, V_next))
