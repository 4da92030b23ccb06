"""`torch.nn.RNN(D, H, batch_first=True)`: two biases that add up.

From PyTorch, b is the sum of both. Each of them has the gradient of the sum: of gradients leave `bias_hh_l0` out.
"""

import numpy as np


def to_torch(params):
    Wx, Wh, b = (params[key] for key in ("Wx", "Wh", "b"))
    return {"weight_ih_l0": Wx.T, "weight_hh_l0": Wh.T, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}


def from_torch(state):
    b = state["bias_ih_l0"] + state.get("bias_hh_l0", 0)
    return {"Wx": state["weight_ih_l0"].T, "Wh": state["weight_hh_l0"].T, "b": b}
