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

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from nnspec.shapes import Array, Float, Int


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
    params,
    x: Float[Array, "N *d"],
    y: Int[Array, "N"] | None = None,
    running=None,
    *,
    norm: Literal["batchnorm", "layernorm"] | None = None,
    train: bool = True,
    keep: float = 1.0,
    masks=None,
    rng: np.random.Generator | None = None,
    reg: float = 0.0,
    ops=None,
):
    """(loss, grads) with grads under the keys of params, with batch normalization (loss, grads, the new running).

    The scores alone if y is None.
    """
    if ops is None:
        from nnspec import reference as ops
    last = _last_layer(params, x, norm)
    running = _running(running, params, norm, range(1, last), train)
    scores, tape = _scores(ops, last, params, x, running, norm, train, keep, masks, rng)  # (N, C)
    if y is None:
        return scores

    loss, softmax = ops.softmax_cross_entropy_forward(scores, y)
    grads = {}
    da = ops.softmax_cross_entropy_backward(1.0, softmax)  # (N, C)
    for backward, cache, keys in reversed(tape):
        da, *found = backward(da, cache) if keys else (backward(da, cache),)  # (N, H_l) or, in the end, that of x
        grads.update(zip(keys, found, strict=True))
    for i in range(1, last + 1):
        penalty, dw = ops.l2_penalty(params[f"W{i}"], reg, half=True)
        loss, grads[f"W{i}"] = loss + penalty, grads[f"W{i}"] + dw
    grads = {key: grads[key] for key in params}
    return (loss, grads, running) if norm == "batchnorm" else (loss, grads)


def _scores(ops, last, params, x, running, norm, train, keep, masks, rng):
    """The scores (N, C), and the layers as they were run: (backward, its cache, the parameters it has gradients of)."""
    tape = []

    def through(op, a, *keys, states=(), **options):
        arrays = [params[key] for key in keys] + [running[state] for state in states]
        out, *new, cache = getattr(ops, f"{op}_forward")(a, *arrays, **options)
        running.update(zip(states, new, strict=True))
        tape.append((getattr(ops, f"{op}_backward"), cache, keys))
        return out

    if masks is not None:
        _require_keys("masks", masks, [f"mask{i}" for i in range(1, last)])
    a = x
    for i in range(1, last):
        a = through("affine", a, f"W{i}", f"b{i}")  # (N, H_i)
        if norm == "batchnorm":
            statistics = (f"running_mean{i}", f"running_var{i}")
            a = through("batchnorm", a, f"gamma{i}", f"beta{i}", states=statistics, train=train)
        elif norm == "layernorm":
            a = through("layernorm", a, f"gamma{i}", f"beta{i}")
        a = through("relu", a)
        if keep != 1 or masks is not None:
            mask = None if masks is None else masks[f"mask{i}"]
            a = through("dropout", a, keep=keep, train=train, mask=mask, rng=rng)
    return through("affine", a, f"W{last}", f"b{last}"), tape


def _last_layer(params, x, norm):
    """L, if params holds just the arrays of a network for x."""
    _require_dict("params", params)
    numbers = [int(number) for key in params for number in re.findall(r"\d+$", str(key))]
    last = min(max([1, *numbers]), len(params) + 1)
    vectors = {i: ["b"] if norm is None or i == last else ["b", "gamma", "beta"] for i in range(1, last + 1)}
    _require_keys("params", params, [f"{name}{i}" for i in vectors for name in ("W", *vectors[i])])
    before = math.prod(x.shape[1:])
    for i in vectors:
        w = params[f"W{i}"]
        after = w.shape[1] if getattr(w, "ndim", 0) == 2 else "H"
        for key, shape in ({f"W{i}": (before, after)} | {f"{name}{i}": (after,) for name in vectors[i]}).items():
            _require_array(key, params[key], shape, x)
        before = after
    return last


def _running(running, params, norm, hidden, train):
    """The running statistics, as a dict that may be written to; empty without batch normalization."""
    if norm != "batchnorm":
        return {}
    if running is None and not train:
        raise ValueError("fc_net_loss: running must be given with norm='batchnorm' and train=False, got None")
    start = {f"running_{name}{i}": 0 * params[f"beta{i}"] for i in hidden for name in ("mean", "var")}
    if running is None:
        return start
    _require_keys("running", running, start)
    return dict(running)


def _require_dict(name, given):
    if not isinstance(given, dict):
        raise TypeError(f"fc_net_loss: {name} must be a dict of arrays, got {type(given).__name__}")


def _require_keys(name, given, keys):
    _require_dict(name, given)
    if odd := set(given) ^ set(keys):
        raise ValueError(
            f"fc_net_loss: {name} must have the keys {', '.join(keys)}; "
            f"missing or unknown: {', '.join(sorted(map(str, odd)))}"
        )


def _require_array(key, array, shape, x):
    got = getattr(array, "shape", type(array).__name__)
    if got != shape:
        want = f"({', '.join(map(str, shape))})"
        raise ValueError(f"fc_net_loss: params[{key!r}] must have shape {want} for x of shape {x.shape}, got {got}")
    if array.dtype != x.dtype:
        raise TypeError(f"fc_net_loss: params[{key!r}] must have the dtype of x, {x.dtype}, got {array.dtype}")
