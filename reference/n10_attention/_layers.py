"""The layers of a transformer as parameters: how they are called, and what they begin with."""

import numpy as np


def of_layers(hidden):
    """The annotation of those of `encoder_layer`, below layers.1. and so on. hidden: the name of their inner width."""
    attention = [f"mha.{kind}{name}: {shape}" for name in "qkvo" for kind, shape in (("W", "E E"), ("b", "E"))]
    norms = [f"ln{i}.{name}: E" for i in (1, 2) for name in ("gamma", "beta")]
    feed = [f"ffn.W1: E {hidden}", f"ffn.b1: {hidden}", f"ffn.W2: {hidden} E", "ffn.b2: E"]
    return ["layers.{l}." + entry for entry in attention + norms + feed]


def initial_layers(E, H, L, *, scale, ends, rng):
    """Weights scale * N(0, 1), those that end a branch times `ends`; biases 0, gamma 1."""
    params = {}
    for l in range(1, L + 1):
        params |= {f"layers.{l}.{key}": array for key, array in _layer(E, H, scale, ends, rng).items()}
    return params


def _layer(E, H, scale, ends, rng):
    weights = {f"mha.W{name}": (E, E) for name in "qkvo"} | {"ffn.W1": (E, H), "ffn.W2": (H, E)}
    params = {key: scale * rng.standard_normal(shape) for key, shape in weights.items()}
    for key in ("mha.Wo", "ffn.W2"):
        params[key] *= ends
    params |= {f"mha.b{name}": np.zeros(E) for name in "qkvo"} | {"ffn.b1": np.zeros(H), "ffn.b2": np.zeros(E)}
    return params | {f"ln{i}.gamma": np.ones(E) for i in (1, 2)} | {f"ln{i}.beta": np.zeros(E) for i in (1, 2)}


def depth(params):
    """How many layers there are."""
    return sum(key.endswith(".ln1.gamma") for key in params)
