"""torchvision's `ResNet`, or any module with its names: blocks count from 0 in each of layer1, layer2, …

A layer begins where a block has more filters than the one before. Running statistics may stand among the parameters.
"""

import re

import numpy as np

from nnspec.convert import basic_block


def to_torch(params):
    places, state = _places(params), {}
    for key, array in params.items():
        prefix, inner = re.match(r"(block\d+\.)?(.*)", key).groups()
        if key.startswith("fc."):
            state[f"fc.{'weight' if key == 'fc.W' else 'bias'}"] = array.T
        else:
            (name,) = basic_block.to_torch({inner: array})
            state[places.get(prefix, "") + name] = array
    return state


def from_torch(state):
    found = {re.match(r"layer(\d+)\.(\d+)\.", name) for name in state} - {None}
    places = sorted({(int(layer), int(at)) for layer, at in (place.groups() for place in found)})
    numbers = {f"layer{layer}.{at}.": f"block{l}." for l, (layer, at) in enumerate(places, start=1)}
    params = {}
    for name, array in state.items():
        prefix, inner = re.match(r"(layer\d+\.\d+\.)?(.*)", name).groups()
        if name.startswith("fc."):
            params["fc.W" if name == "fc.weight" else "fc.b"] = np.transpose(array)
        else:
            params |= {
                numbers.get(prefix, "") + key: one for key, one in basic_block.from_torch({inner: array}).items()
            }
    return params


def _places(params) -> dict[str, str]:
    """block3. as layer2.0., …"""
    places, layer, at, before = {}, 1, 0, None
    for l in range(1, 1 + sum(bool(re.fullmatch(r"block\d+\.conv1\.w", key)) for key in params)):
        F = len(params[f"block{l}.conv1.w"])
        if before is not None and before < F:
            layer, at = layer + 1, 0
        places[f"block{l}."] = f"layer{layer}.{at}."
        before, at = F, at + 1
    return places
