"""Language model of characters. Karpathy 2015, "The unreasonable effectiveness of recurrent neural networks",
min-char-rnn; Mikolov et al. 2010; CS231n notes "RNN".

    x_t = W_embed[ids_t]        h_t = cell(x_t, h_{t-1})        scores_t = h_t W_vocab + b_vocab        t = 1 … T
    loss = mean over n and t of -log softmax(scores_nt)_{ids_{n, t+1}}

ids (N, T + 1)    W_embed (V, E)    Wx (E, G)    Wh (H, G)    b (G,)    W_vocab (H, V)    b_vocab (V,)
cell "rnn": G = H        "lstm": G = 4H, the gates in the order i, f, o, g

Every id but the last is an input, and the one behind it is its target. states: h (N, H), of an LSTM also c (N, H), 0 if
they are not given. They come back as they are after the last input, for the chunk of the text that goes on there and
begins with the last id of this one. No gradient goes back into them: that is where truncated backpropagation cuts.

With normalize="batch" the loss is summed over the steps and averaged over the sequences. A model that knows nothing has
the loss log V.

A composite: it is written once, and `ops` is the implementation of its parts (None: the reference).
"""

import math
from typing import Literal

import numpy as np

from nnspec.shapes import Between, Labels, Params

CELL = Literal["rnn", "lstm"]
PARAMS = Params[
    "W_embed: V E",
    "Wh: H H if cell == 'rnn'",
    "Wh: H 4*H if cell == 'lstm'",
    "Wx: E H if cell == 'rnn'",
    "Wx: E 4*H if cell == 'lstm'",
    "b: H if cell == 'rnn'",
    "b: 4*H if cell == 'lstm'",
    "W_vocab: H V",
    "b_vocab: V",
]
STATES = Params["h: N H", "c: N H if cell == 'lstm'"]


def char_lm_init(
    V: Between[1, None],
    E: Between[1, None],
    H: Between[1, None],
    *,
    cell: CELL = "lstm",
    rng: np.random.Generator,
):
    """Weights N(0, 1) over the root of their fan-in, the embedding 0.01 N(0, 1); biases 0. Float64."""
    G = H if cell == "rnn" else 4 * H
    return {
        "W_embed": 0.01 * rng.standard_normal((V, E)),
        "Wx": rng.standard_normal((E, G)) / math.sqrt(E),
        "Wh": rng.standard_normal((H, G)) / math.sqrt(H),
        "b": np.zeros(G),
        "W_vocab": rng.standard_normal((H, V)) / math.sqrt(H),
        "b_vocab": np.zeros(V),
    }


def char_lm_loss(
    params: PARAMS,
    ids: Labels["N S", "V"],
    states: STATES | None = None,
    *,
    cell: CELL = "lstm",
    normalize: Literal["batch", "tokens"] = "tokens",
    ops=None,
):
    """(loss, grads, states) with grads under the keys of params, and the states after the last input."""
    if ops is None:
        from nnspec import reference as ops
    scores, new_states, caches = _run(params, ids[:, :-1], states, cell, ops)
    loss, loss_cache = ops.temporal_softmax_loss_forward(scores, ids[:, 1:], normalize=normalize)

    embedding_cache, cell_cache, affine_cache = caches
    dscores = ops.temporal_softmax_loss_backward(1.0, loss_cache)  # (N, T, V)
    dh, dW_vocab, db_vocab = ops.temporal_affine_backward(dscores, affine_cache)
    if cell == "rnn":
        dx, _, dWx, dWh, db = ops.rnn_backward(dh, cell_cache)
    else:
        dc_T = np.zeros_like(new_states["c"])  # (N, H) it is in no loss
        dx, _, dWx, dWh, db, _ = ops.lstm_backward(dh, dc_T, cell_cache)
    dW_embed = ops.embedding_backward(dx, embedding_cache)
    grads = {"W_embed": dW_embed, "Wx": dWx, "Wh": dWh, "b": db, "W_vocab": dW_vocab, "b_vocab": db_vocab}
    return loss, grads, new_states


def char_lm_scores(
    params: PARAMS,
    ids: Labels["N T", "V"],
    states: STATES | None = None,
    *,
    cell: CELL = "lstm",
    ops=None,
):
    """(scores (N, T, V) of what follows each id, states), to sample from: the next call takes what was drawn."""
    if ops is None:
        from nnspec import reference as ops
    scores, states, _ = _run(params, ids, states, cell, ops)
    return scores, states


def _run(params, ids, states, cell, ops):
    """(scores, states, the caches of the parts)."""
    (N, T), H = ids.shape, len(params["Wh"])
    states = states or {name: np.zeros((N, H), params["Wh"].dtype) for name in ("h", "c")}
    weights = params["Wx"], params["Wh"], params["b"]
    x, embedding_cache = ops.embedding_forward(ids, params["W_embed"])  # (N, T, E)
    if cell == "rnn":
        h, cell_cache = ops.rnn_forward(x, states["h"], *weights)  # (N, T, H)
        after = {}
    else:
        h, c, cell_cache = ops.lstm_forward(x, states["h"], *weights, states["c"])
        after = {"c": c}
    scores, affine_cache = ops.temporal_affine_forward(h, params["W_vocab"], params["b_vocab"])  # (N, T, V)
    last = (h[:, -1] if T else states["h"]).copy()  # (N, H)
    return scores, {"h": last, **after}, (embedding_cache, cell_cache, affine_cache)
