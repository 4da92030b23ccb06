"""`torch.nn.LSTM(D, H, batch_first=True)`: gates in the order i, f, g, o, and two biases that add up.

From PyTorch, b is the sum of both. Each of them has the gradient of the sum: of gradients leave `bias_hh_l0` out.
"""

import numpy as np

from nnspec.reference import permute_gates


def to_torch(params):
    Wx, Wh, b = (permute_gates(params[key]) for key in ("Wx", "Wh", "b"))
    return {"weight_ih_l0": Wx.T, "weight_hh_l0": Wh.T, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}


def from_torch(state):
    order = {"order_from": "ifgo", "order_to": "ifog"}
    b = state["bias_ih_l0"] + state.get("bias_hh_l0", 0)
    weights = {"Wx": state["weight_ih_l0"].T, "Wh": state["weight_hh_l0"].T, "b": b}
    return {key: permute_gates(np.ascontiguousarray(w), **order) for key, w in weights.items()}
