"""Vision transformer. Dosovitskiy et al. 2021, arXiv:2010.11929, eq. 1 to 4; CS231n, assignment 3, `VisionTransformer`.

    a_0 = patch_embed(x) + pos        a_l = encoder layer l of a_{l-1}        scores = pool(a_L) head.w + head.b
    loss = cross_entropy(softmax(scores), y) + reg/2 of the squares of all weights

x (N, C, H, W)    y (N,)    patch.w (C p p, E) with p = patch    pos (S, E)    cls (1, E)    scores (N, n_classes)

The form of the assignment: sinusoidal positions, post-LN layers, the mean over all tokens as pool. That of the paper: a
class token in front (cls is in params), which is read out instead of the mean; learned positions (pos is in params);
pre-LN layers (norm_first) with a norm after the last one, ln_f. Any mixture will do. Nobody may not be attended to.

Composites: they are written once, and `ops` is the implementation of their parts (None: the reference). Biases, norms,
positions and the class token are not penalized. The assignment's dropout is left to the layers.
"""

from typing import Literal

import numpy as np

from nnspec.reference._network import Chain, classified
from nnspec.reference.n10_attention._layers import depth, initial_layers, of_layers
from nnspec.shapes import Array, Between, Float, Labels, Params


def vit_init(
    C: Between[1, None],
    patch: Between[1, None],
    E: Between[1, None],
    M: Between[1, None],
    L: Between[1, None],
    n_classes: Between[1, None],
    *,
    S: Between[1, None] | None = None,
    cls: bool = False,
    norm_first: bool = False,
    scale: float = 0.02,
    rng: np.random.Generator,
):
    """Weights, learned positions of S tokens and the class token scale * N(0, 1); biases 0, gamma 1. Float64."""
    params = {"patch.w": scale * rng.standard_normal((C * patch * patch, E)), "patch.b": np.zeros(E)}
    if cls:
        params["cls"] = scale * rng.standard_normal((1, E))
    if S is not None:
        params["pos"] = scale * rng.standard_normal((S, E))
    params |= initial_layers(E, M, L, scale=scale, ends=1.0, rng=rng)
    if norm_first:
        params |= {"ln_f.gamma": np.ones(E), "ln_f.beta": np.zeros(E)}
    return params | {"head.w": scale * rng.standard_normal((E, n_classes)), "head.b": np.zeros(n_classes)}


def vit_loss(
    params: Params[
        "patch.w: C*patch*patch E",
        "patch.b: E",
        "cls: 1 E if 'cls' in params",
        "pos: S E if 'pos' in params",
        *of_layers("M"),
        "ln_f.gamma: E if norm_first",
        "ln_f.beta: E if norm_first",
        "head.w: E n_classes",
        "head.b: n_classes",
    ],
    x: Float[Array, "N C H W"],
    y: Labels["N", "n_classes"] | None = None,
    *,
    heads: Between[1, None],
    patch: Between[1, None],
    norm_first: bool = False,
    act: Literal["gelu", "relu"] = "gelu",
    reg: float = 0.0,
    ops=None,
):
    """(loss, grads) with grads under the keys of params; the scores if y is None."""
    if ops is None:
        from nnspec import reference as ops
    network = Chain(ops, params)
    a = network("patch_embed", x, "patch.w", "patch.b", patch=patch)  # (N, T, E)
    if "cls" in params:
        a = network("with_cls", a, "cls")
    if "pos" not in params:
        network.params = params | {"pos": ops.sinusoidal_pe(*a.shape[1:]).astype(x.dtype)}  # (T, E)
    a = network("add_pe", a, "pos")
    for l in range(1, 1 + depth(params)):
        order = "pre" if norm_first else "post"
        a = network.block(f"encoder_layer_{order}", a, f"layers.{l}.", heads=heads, act=act)
    if norm_first:
        a = network("layernorm", a, "ln_f.gamma", "ln_f.beta")
    a = network("pool_tokens", a, first="cls" in params)  # (N, E)
    scores = network("affine", a, "head.w", "head.b")  # (N, n_classes)
    if y is None:
        return scores
    weights = [key for key in params if key.rpartition(".")[2][0] in "wW"]
    loss, grads = classified(network, scores, y, reg, weights)
    return loss, {key: grads[key] for key in params}


def pool_tokens_forward(x: Float[Array, "N T E"], *, first: bool = False, ops=None):
    """(N, E): the mean over all tokens of a sequence, or the first of them."""
    if ops is None:
        from nnspec import reference as ops
    if x.shape[1] == 0:
        raise ValueError("pool_tokens_forward: x must have a token to read, got none")
    if first:
        return x[:, 0].copy(), (ops, x.shape, None)
    maps = x.swapaxes(1, 2)[..., None]  # (N, E, T, 1)
    out, cache = ops.global_avg_pool_forward(maps)
    return out, (ops, x.shape, cache)


def pool_tokens_backward(dout, cache):
    ops, shape, pool_cache = cache
    if pool_cache is not None:
        return ops.global_avg_pool_backward(dout, pool_cache)[..., 0].swapaxes(1, 2)
    dx = np.zeros(shape, dout.dtype)
    dx[:, 0] = dout
    return dx
