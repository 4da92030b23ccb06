"""A module with these parts, as GPT is mostly written in PyTorch, where H is the hidden width of the layers:

    wte = nn.Embedding(V, E)    wpe = nn.Embedding(S, E)    ln_f = nn.LayerNorm(E)    head = nn.Linear(E, V, bias=False)
    layers = nn.ModuleList(nn.TransformerEncoderLayer(E, heads, H, dropout=0, activation="gelu", batch_first=True,
                                                      norm_first=True) for _ in range(L))

Layers count from 0 there. A head.weight that equals wte.weight is taken for a tied one, and left out.
"""

import numpy as np

from nnspec.convert import encoder_layer
from nnspec.convert._layers import in_layers

NAMES = {"wte": "wte.weight", "wpe": "wpe.weight", "ln_f.gamma": "ln_f.weight", "ln_f.beta": "ln_f.bias"}


def to_torch(params):
    state = {name: params[key] for key, name in NAMES.items()}
    state["head.weight"] = params.get("head", params["wte"])
    return state | in_layers(params, encoder_layer.to_torch, counted=-1)


def from_torch(state):
    params = {key: state[name] for key, name in NAMES.items()}
    params |= in_layers(state, encoder_layer.from_torch, counted=1)
    head = state.get("head.weight")
    return params if head is None or np.array_equal(head, params["wte"]) else params | {"head": head}
