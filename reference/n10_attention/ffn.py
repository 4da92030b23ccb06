"""Position-wise feed-forward network. Vaswani et al. 2017, "Attention is all you need", eq. 2; CS231n, assignment 3,
`FeedForwardNetwork`.

    hidden = dropout(act(x W1 + b1))        out = hidden W2 + b2

x, out (…, E)    W1 (E, H)    b1 (H,)    W2 (H, E)    b2 (E,)    hidden, mask (…, H)

Every token goes through the same two layers, by itself. H is mostly 4 E. The paper has ReLU; the assignment's code,
BERT and GPT have GELU, the default. There is dropout if keep is not 1 or a mask is given: mask, True = kept, or else a
draw from rng, as `dropout_forward` takes them.

A block: it is written once, and `ops` is the implementation of its parts (None: the reference).
"""

from typing import Literal

import numpy as np

from nnspec.reference._network import Chain
from nnspec.shapes import Array, Bool, Float, Params


def ffn_forward(
    x: Float[Array, "*batch E"],
    params: Params["W1: E H", "b1: H", "W2: H E", "b2: E"],
    *,
    act: Literal["gelu", "relu"] = "gelu",
    keep: float = 1.0,
    train: bool = True,
    mask: Bool[Array, "*batch H"] | None = None,
    rng: np.random.Generator | None = None,
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    network = Chain(ops, params)
    a = network("affine", x.reshape(-1, x.shape[-1]), "W1", "b1")  # (tokens, H)
    a = network(act, a)
    if keep != 1 or mask is not None:
        kept = None if mask is None else mask.reshape(a.shape)
        a = network("dropout", a, keep=keep, train=train, mask=kept, rng=rng)
    out = network("affine", a, "W2", "b2")  # (tokens, E)
    return out.reshape(x.shape), (network,)


def ffn_backward(dout, cache):
    (network,) = cache
    dx, grads = network.back(dout.reshape(-1, dout.shape[-1]))  # (tokens, E)
    return dx.reshape(dout.shape), grads
