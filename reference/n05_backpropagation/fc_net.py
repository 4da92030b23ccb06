"""Fully connected network of any depth. CS231n, assignments 1 and 2, `FullyConnectedNet`.

    a_0 = x        a_l = dropout(relu(norm(a_{l-1} W_l + b_l)))        l = 1 … L - 1
    scores = a_{L-1} W_L + b_L
    loss = cross_entropy(softmax(scores), y) + reg/2 sum_l |W_l|^2

x (N, d1, …, dk)    W_l (H_{l-1}, H_l) with H_0 = D = d1 … dk and H_L = C    b_l (H_l,)    y (N,)    scores (N, C)

params: W1, b1, … and, with a norm, gamma1, beta1, … (H_l,) of the hidden layers. running, of batch normalization:
running_mean1, running_var1, …, in training 0 if not given. masks, of dropout: mask1, … (N, H_l); if not given they are
drawn from rng, layer after layer. There is dropout if keep is not 1 or masks are given.

A composite: it is written once, and `ops` is the implementation of its parts (None: the reference). Only the weights
are penalized. No norm, ReLU or dropout follows the last layer.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from nnspec.reference._network import Chain, classified
from nnspec.shapes import Array, Float, Labels, Masks, Params


def fc_net_init(
    dims: Sequence[int],
    *,
    norm: Literal["batchnorm", "layernorm"] | None = None,
    scale: float = 1e-2,
    rng: np.random.Generator,
):
    """For dims = [D, H_1, …, C]: weights scale * N(0, 1), biases 0; gamma 1, beta 0. Float64."""
    if len(dims) < 2 or min(dims) < 1:
        raise ValueError(f"fc_net_init: dims must be D, the hidden sizes and C, each at least 1, got {dims}")
    params = {}
    for i, (before, after) in enumerate(pairwise(dims), start=1):
        params |= {f"W{i}": scale * rng.standard_normal((before, after)), f"b{i}": np.zeros(after)}
        if norm and i < len(dims) - 1:
            params |= {f"gamma{i}": np.ones(after), f"beta{i}": np.zeros(after)}
    return params


def fc_net_loss(
    params: Params[
        "W{l}: H{l-1} H{l}",
        "b{l}: H{l}",
        "gamma{l}: H{l} if l < L and norm",
        "beta{l}: H{l} if l < L and norm",
        "H0 = prod(d)",
        "C = H{L}",
    ],
    x: Float[Array, "N *d"],
    y: Labels["N", "C"] | None = None,
    running: Params[
        "running_mean{l}: H{l} if l < L and norm == 'batchnorm'",
        "running_var{l}: H{l} if l < L and norm == 'batchnorm'",
    ]
    | None = None,
    *,
    norm: Literal["batchnorm", "layernorm"] | None = None,
    train: bool = True,
    keep: float = 1.0,
    masks: Masks["mask{l}: N H{l} if l < L"] | None = None,
    rng: np.random.Generator | None = None,
    reg: float = 0.0,
    ops=None,
):
    """(loss, grads) with grads under the keys of params, with batch normalization (loss, grads, the new running).

    The scores alone if y is None.
    """
    if ops is None:
        from nnspec import reference as ops
    L = sum(key.startswith("W") for key in params)
    if norm == "batchnorm" and running is None:
        running = _first_statistics(params, range(1, L), train)
    network = Chain(ops, params, running)
    a = x
    for i in range(1, L):
        a = network("affine", a, f"W{i}", f"b{i}")  # (N, H_i)
        if norm == "batchnorm":
            statistics = (f"running_mean{i}", f"running_var{i}")
            a = network("batchnorm", a, f"gamma{i}", f"beta{i}", states=statistics, train=train)
        elif norm == "layernorm":
            a = network("layernorm", a, f"gamma{i}", f"beta{i}")
        a = network("relu", a)
        if keep != 1 or masks is not None:
            mask = None if masks is None else masks[f"mask{i}"]
            a = network("dropout", a, keep=keep, train=train, mask=mask, rng=rng)
    scores = network("affine", a, f"W{L}", f"b{L}")  # (N, C)
    if y is None:
        return scores

    loss, grads = classified(network, scores, y, reg, [f"W{i}" for i in range(1, L + 1)])
    return (loss, grads, network.states) if norm == "batchnorm" else (loss, grads)


def _first_statistics(params, hidden, train):
    """Those that training begins with: 0."""
    if not train:
        raise ValueError("fc_net_loss: running must be given with norm='batchnorm' and train=False, got None")
    return {f"running_{name}{i}": 0 * params[f"beta{i}"] for i in hidden for name in ("mean", "var")}
