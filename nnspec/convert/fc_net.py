"""`torch.nn.Sequential` of `nn.Linear` and `nn.ReLU` in turn, and `nn.Linear` at the end; with a norm, `nn.BatchNorm1d`
or `nn.LayerNorm` behind every `nn.Linear` but the last. A two-layer net has the same form.

Running statistics may stand among the parameters: `to_torch("fc_net", params | running)`. PyTorch's momentum is 1 minus
ours, and the variance that it keeps is the unbiased one.
"""

import re

OF_LINEAR = {"W": "weight", "b": "bias"}
OF_NORM = {"gamma": "weight", "beta": "bias", "running_mean": "running_mean", "running_var": "running_var"}


def to_torch(params):
    each = 3 if "gamma1" in params else 2  # modules a hidden layer
    state = {}
    for key, array in params.items():
        kind, l = re.fullmatch(r"([a-zA-Z_]+)(\d+)", key).groups()
        at = each * (int(l) - 1) + (kind in OF_NORM)
        state[f"{at}.{(OF_LINEAR | OF_NORM)[kind]}"] = array.T
    return state


def from_torch(state):
    places = {name: name.partition(".") for name in state if not name.endswith("num_batches_tracked")}
    linear = sorted({int(at) for name, (at, _, kind) in places.items() if kind == "weight" and state[name].ndim == 2})
    params = {}
    for name, (at, _, kind) in places.items():
        l = 1 + sum(place < int(at) for place in linear)
        known, l = (OF_LINEAR, l) if int(at) in linear else (OF_NORM, l - 1)
        params[{theirs: ours for ours, theirs in known.items()}[kind] + str(l)] = state[name].T
    return params
