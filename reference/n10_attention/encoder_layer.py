"""Transformer encoder layer, its norms after the sum or before the branch. CS231n, assignment 3,
`TransformerEncoderLayer`.

    encoder_layer_post    y = LN1(x + dropout(MHA(x)))    out = LN2(y + dropout(FFN(y)))    Vaswani et al. 2017, s. 3.1
    encoder_layer_pre     y = x + dropout(MHA(LN1(x)))    out = y + dropout(FFN(LN2(y)))    Xiong et al. 2020, fig. 1

x, y, out (N, T, E)    mask: broadcasts to (N, heads, T, T), True = may attend

params: those of `self_mha` below mha., of `ffn` below ffn., and gamma and beta of the two norms below ln1. and ln2.
There is dropout if keep is not 1 or masks are given: of what each branch adds, masks["attention"] and masks["ffn"]
(N, T, E), and of the hidden units of the feed-forward network, masks["hidden"] (N, T, H). Masks that are not given are
drawn from rng, in the order attention, hidden, ffn. PyTorch's norm_first=False, its default, is post; in a stack of pre
layers x is never normalized itself, so that a last norm has to follow them.

Blocks: each is written once, and `ops` is the implementation of its parts (None: the reference). x goes two ways, into
a branch and past it: its gradient is the sum of both.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from nnspec.reference._network import Chain, added
from nnspec.shapes import Array, Between, Bool, Float, Masks, Params

Parameters = Params[
    "mha.Wq: E E",
    "mha.bq: E",
    "mha.Wk: E E",
    "mha.bk: E",
    "mha.Wv: E E",
    "mha.bv: E",
    "mha.Wo: E E",
    "mha.bo: E",
    "ln1.gamma: E",
    "ln1.beta: E",
    "ffn.W1: E H",
    "ffn.b1: H",
    "ffn.W2: H E",
    "ffn.b2: E",
    "ln2.gamma: E",
    "ln2.beta: E",
]
DropoutMasks = Masks["attention: N T E", "hidden: N T H", "ffn: N T E"]


def encoder_layer_post_forward(
    x: Float[Array, "N T E"],
    params: Parameters,
    *,
    heads: Between[1, None],
    mask: Bool[Array, "*scores"] | None = None,
    act: Literal["gelu", "relu"] = "gelu",
    keep: float = 1.0,
    train: bool = True,
    masks: DropoutMasks | None = None,
    rng: np.random.Generator | None = None,
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    drop = _Dropout(keep, train, masks, rng)
    attention, norm1, feed, norm2 = (Chain(ops, params) for _ in range(4))
    branch = drop(attention, "attention", attention.block("self_mha", x, "mha.", heads=heads, mask=mask))
    total, sum1 = ops.residual_add_forward(branch, x)  # (N, T, E)
    y = norm1("layernorm", total, "ln1.gamma", "ln1.beta")
    branch = drop(feed, "ffn", feed.block("ffn", y, "ffn.", act=act, **drop.options("hidden")))
    total, sum2 = ops.residual_add_forward(branch, y)  # (N, T, E)
    out = norm2("layernorm", total, "ln2.gamma", "ln2.beta")
    return out, (ops, attention, sum1, norm1, feed, sum2, norm2)


def encoder_layer_post_backward(dout, cache):
    ops, attention, sum1, norm1, feed, sum2, norm2 = cache
    dtotal, of_norm2 = norm2.back(dout)  # (N, T, E)
    dbranch, dpast = ops.residual_add_backward(dtotal, sum2)
    dy, of_feed = feed.back(dbranch)
    dtotal, of_norm1 = norm1.back(dy + dpast)
    dbranch, dpast = ops.residual_add_backward(dtotal, sum1)
    dx, of_attention = attention.back(dbranch)
    return dx + dpast, added(of_attention, of_norm1, of_feed, of_norm2)


def encoder_layer_pre_forward(
    x: Float[Array, "N T E"],
    params: Parameters,
    *,
    heads: Between[1, None],
    mask: Bool[Array, "*scores"] | None = None,
    act: Literal["gelu", "relu"] = "gelu",
    keep: float = 1.0,
    train: bool = True,
    masks: DropoutMasks | None = None,
    rng: np.random.Generator | None = None,
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    drop = _Dropout(keep, train, masks, rng)
    attention, feed = Chain(ops, params), Chain(ops, params)
    branch = attention("layernorm", x, "ln1.gamma", "ln1.beta")
    branch = drop(attention, "attention", attention.block("self_mha", branch, "mha.", heads=heads, mask=mask))
    y, sum1 = ops.residual_add_forward(branch, x)  # (N, T, E)
    branch = feed("layernorm", y, "ln2.gamma", "ln2.beta")
    branch = drop(feed, "ffn", feed.block("ffn", branch, "ffn.", act=act, **drop.options("hidden")))
    out, sum2 = ops.residual_add_forward(branch, y)  # (N, T, E)
    return out, (ops, attention, sum1, feed, sum2)


def encoder_layer_pre_backward(dout, cache):
    ops, attention, sum1, feed, sum2 = cache
    dbranch, dpast = ops.residual_add_backward(dout, sum2)  # (N, T, E) each
    dy, of_feed = feed.back(dbranch)
    dbranch, dpast = ops.residual_add_backward(dy + dpast, sum1)
    dx, of_attention = attention.back(dbranch)
    return dx + dpast, added(of_attention, of_feed)


@dataclass
class _Dropout:
    """In several places, each with a mask of its own."""

    keep: float
    train: bool
    masks: dict | None
    rng: np.random.Generator | None

    def __call__(self, network, place, a):
        options = self.options(place)
        return network("dropout", a, **options) if options else a

    def options(self, place):
        """Those of dropout in that place; none where nothing is dropped."""
        if self.keep == 1 and self.masks is None:
            return {}
        mask = None if self.masks is None else self.masks[place]
        return {"keep": self.keep, "train": self.train, "mask": mask, "rng": self.rng}
