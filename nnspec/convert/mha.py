"""`torch.nn.MultiheadAttention(E, heads, batch_first=True)`: the projections of q, k and v lie one below the other, and
every weight is transposed. Its boolean masks are the negation of ours: True there means that there is no attending."""

import numpy as np


def to_torch(params):
    return {
        "in_proj_weight": np.concatenate([params[f"W{name}"].T for name in "qkv"]),
        "in_proj_bias": np.concatenate([params[f"b{name}"] for name in "qkv"]),
        "out_proj.weight": params["Wo"].T,
        "out_proj.bias": params["bo"],
    }


def from_torch(state):
    weights, biases = (np.split(state[f"in_proj_{kind}"], 3) for kind in ("weight", "bias"))
    params = {}
    for name, weight, bias in zip("qkv", weights, biases, strict=True):
        params |= {f"W{name}": weight.T, f"b{name}": bias}
    return params | {"Wo": state["out_proj.weight"].T, "bo": state["out_proj.bias"]}
