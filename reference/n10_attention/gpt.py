"""Decoder-only language model, GPT. Radford et al. 2018 and 2019; pre-LN as in the latter.

    x_0 = wte[ids_0 … ids_{T-1}] + wpe[0 … T-1]        x_l = pre-LN layer l of x_{l-1} under a causal mask
    scores = LN_f(x_L) head^T        loss = mean_{n, t} -log softmax(scores_nt)[ids_{n, t+1}]

ids (N, T + 1) for the loss: every token but the last is read, every one but the first is to be foretold
wte (V, E)    wpe (S, E), S the longest T there can be    head (V, E), if not given wte (tied)    scores (N, T, V)

params: wte, wpe, those of `encoder_layer` below layers.1., layers.2., …, ln_f.gamma and ln_f.beta, and head if it is
not tied. Scores of a token depend on this token and those before it alone. With small weights the first loss is log V.

Composites: they are written once, and `ops` is the implementation of their parts (None: the reference).
"""

import numpy as np

from nnspec.reference._network import Chain, added
from nnspec.reference.n10_attention._layers import depth, initial_layers, of_layers
from nnspec.shapes import Between, Labels, Params

Parameters = Params[
    "wte: V E", "wpe: S E", *of_layers("H"), "ln_f.gamma: E", "ln_f.beta: E", "head: V E if 'head' in params"
]


def gpt_init(
    V: Between[1, None],
    S: Between[1, None],
    E: Between[1, None],
    H: Between[1, None],
    L: Between[1, None],
    *,
    tied: bool = True,
    scale: float = 0.02,
    rng: np.random.Generator,
):
    """Weights scale * N(0, 1), those that end a branch over sqrt(2 L) more (GPT-2, sec. 2.3); biases 0, gamma 1."""
    params = {"wte": scale * rng.standard_normal((V, E)), "wpe": scale * rng.standard_normal((S, E))}
    params |= initial_layers(E, H, L, scale=scale, ends=(2 * L) ** -0.5, rng=rng)
    params |= {"ln_f.gamma": np.ones(E), "ln_f.beta": np.zeros(E)}
    return params if tied else params | {"head": scale * rng.standard_normal((V, E))}


def gpt_scores(params: Parameters, ids: Labels["N T", "V"], *, heads: Between[1, None], ops=None):
    """(N, T, V): what may follow each token."""
    if ops is None:
        from nnspec import reference as ops
    scores, _, _ = _run(ops, params, ids, heads)
    return scores


def gpt_loss(params: Parameters, ids: Labels["N U", "V"], *, heads: Between[1, None], ops=None):
    """(loss, grads) with grads under the keys of params; U = T + 1."""
    if ops is None:
        from nnspec import reference as ops
    if ids.shape[1] < 2:
        raise ValueError(f"gpt_loss: ids must have a token to read and one to foretell, got {ids.shape[1]}")
    scores, network, embedding_cache = _run(ops, params, ids[:, :-1], heads)  # (N, T, V)
    loss, loss_cache = ops.temporal_softmax_loss_forward(scores, ids[:, 1:], normalize="tokens")
    dx, grads = network.back(ops.temporal_softmax_loss_backward(1.0, loss_cache))  # (N, T, E)
    grads = added(grads, {"wte": ops.embedding_backward(dx, embedding_cache)})  # a tied wte has the sum of both
    return loss, {key: grads[key] for key in params}


def _run(ops, params, ids, heads):
    """(scores, the chain from the embedded tokens to them, what the embedding needs to go back)."""
    x, embedding_cache = ops.embedding_forward(ids, params["wte"])  # (N, T, E)
    network, mask = Chain(ops, params), ops.causal_mask(ids.shape[1])
    x = network("add_pe", x, "wpe")
    for l in range(1, 1 + depth(params)):
        x = network.block("encoder_layer_pre", x, f"layers.{l}.", heads=heads, mask=mask)
    x = network("layernorm", x, "ln_f.gamma", "ln_f.beta")
    return network("lm_head", x, "head" if "head" in params else "wte"), network, embedding_cache
