"""Transformer encoder layer, its norms after or before: definitions, laws and dropout.

Classic mistakes: mistakes_encoder_layer.py.
"""

import copy
from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Malformed, ParamsBlock
from nnspec.spec_tests.n10_attention._masks import causal_among_themselves, padded
from nnspec.spec_tests.n10_attention._transformer import ThroughGelu, encoder_layer_of


def some_masks(dims, dtype):
    """Another one for each place, in which most is kept."""
    widths = {"attention": dims["E"], "hidden": dims["H"], "ffn": dims["E"]}
    return {
        place: (np.arange(dims["N"] * dims["T"] * width).reshape(dims["N"], dims["T"], width) * 7 + k) % 5 < 4
        for k, (place, width) in enumerate(widths.items())
    }


class EncoderLayer(ThroughGelu, ParamsBlock):
    options = {"heads": 2}

    def law_permutation_equivariance(self, run, problem):
        """Without mask and positions a layer does not know the order of its tokens: F(P x) = P F(x)."""
        x, order = problem.inputs["x"], [2, 0, 1]
        return run(x=x[:, order])["out"], run()["out"][:, order]

    def law_does_not_see_the_future(self, run, problem):
        """Under a causal mask another last token changes the last output alone."""
        x = problem.inputs["x"].copy()
        x[:, -1] = (3 - x[:, -1]) * np.arange(1, x.shape[-1] + 1, dtype=x.dtype)
        return run(x=x)["out"][:, :-1], run()["out"][:, :-1]

    sizes = {"N": 2, "T": 3, "E": 4, "H": 5}
    general = {
        "square": {"N": 4, "T": 4, "E": 4, "H": 4},
        "odd": {"N": 3, "T": 5, "E": 6, "H": 7},
        "wide": {"N": 2, "T": 17, "E": 34, "H": 35},
        "explained": {"N": 1, "T": 1, "E": 2, "H": 1},
    }
    trivial = ("scores",)
    cases = (
        Case("dropout", N=1, T=2, keep=0.8, masks=some_masks),
        Case("causal", N=1, mask=causal_among_themselves),
        Case("padding, relu", T=2, mask=padded, act="relu"),
        Case("no dropout in evaluation", N=1, T=2, keep=0.8, masks=some_masks, train=False),
    )
    ties = (Case("no sequences", N=0), Case("no tokens", T=0))
    bad = (
        Malformed("heads that do not divide E", "heads", lambda _: 3),
        Malformed("an activation that there is not", "act", lambda _: "tanh"),
        Malformed("a mask of other keys", "mask", lambda _: np.ones((2, 7), bool)),
        Malformed("keep of 0", "keep", lambda _: 0.0),
        Malformed("a dropout mask missing", "masks", lambda _: {"ffn": np.ones((2, 3, 4), bool)}),
        Malformed("ln2 missing", "params", lambda p: {key: p[key] for key in p if not key.startswith("ln2")}),
        Malformed("ffn.W2 transposed", "params", lambda p: {**p, "ffn.W2": p["ffn.W2"].T}),
    )

    def cases_of_law(self):
        masked = {"mask": causal_among_themselves}
        return [replace(case, options=masked if "future" in case.name else {}) for case in super().cases_of_law()]

    def cases_of_scale(self):
        return [Case("many sequences", {"N": 20, "T": 17, "E": 16, "H": 32}, mask=causal_among_themselves)]


class TestEncoderLayerPost(EncoderLayer):
    rows = ("10.16",)

    def definition(self, x, *, heads, mask=None, act="gelu", keep=1, train=True, masks=None, **params):
        """y = LN1(x + dropout(MHA(x))), out = LN2(y + dropout(FFN(y))). Vaswani et al. 2017, sec. 3.1."""
        masks = masks if train else None
        return encoder_layer_of(x, params, heads, first=False, mask=mask, act=act, keep=keep, masks=masks)

    def law_every_token_is_normalized(self, run, problem):
        """out = LN2(…): (out - beta) / gamma has mean 0 in each token."""
        gamma, beta = (problem.inputs["params"][f"ln2.{name}"] for name in ("gamma", "beta"))
        mean = ((run()["out"] - beta) / gamma).mean(axis=-1)
        return mean, 0 * mean


class TestEncoderLayerPre(EncoderLayer):
    rows = ("10.17",)

    def definition(self, x, *, heads, mask=None, act="gelu", keep=1, train=True, masks=None, **params):
        """y = x + dropout(MHA(LN1(x))), out = y + dropout(FFN(LN2(y))). Xiong et al. 2020, fig. 1."""
        masks = masks if train else None
        return encoder_layer_of(x, params, heads, first=True, mask=mask, act=act, keep=keep, masks=masks)

    def law_branches_of_zero_change_nothing(self, run, problem):
        """With Wo, bo, W2 and b2 of 0 the layer is the identity, forward and backward."""
        zero = {f"{key}": 0 * problem.inputs["params"][key] for key in ("mha.Wo", "mha.bo", "ffn.W2", "ffn.b2")}
        answer = run(**zero)
        return [answer["out"], answer["dx"]], [problem.inputs["x"], problem.douts[0]]

    extremes = (Case("far from 0", T=2, inputs={"x": lambda rng, shape: 1e3 + rng.standard_normal(shape)}),)


class TestEncoderLayerPreDrawn(EncoderLayer):
    """Masks that are not given are drawn, from a generator that is as fresh in every call."""

    rows = ("10.17",)
    op = "encoder_layer_pre"
    options = {"heads": 2, "keep": 0.8}

    def definition(self, x, *, heads, keep, **params):
        """mask = u < keep with u drawn by rng.random(shape) for attention, hidden and ffn in this order."""
        rng, H = np.random.default_rng(7), len(params["ffn.b1"])
        widths = {"attention": x.shape[-1], "hidden": H, "ffn": x.shape[-1]}
        masks = {place: rng.random((*x.shape[:-1], width)) < keep for place, width in widths.items()}
        return encoder_layer_of(x, params, heads, first=True, keep=keep, masks=masks)

    sizes = {"N": 1, "T": 2, "E": 4, "H": 3}
    general = {"square": {"N": 2, "T": 2, "E": 2, "H": 2}, **EncoderLayer.general}
    cases, bad = (), ()
    ties = (Case("no tokens", T=0),)

    def _forward(self, call, problem):
        fresh = copy.copy(problem)
        fresh.options = problem.options | {"rng": np.random.default_rng(7)}
        return super()._forward(call, fresh)

    def cases_of_law(self):
        return []

    def cases_of_scale(self):
        return []
