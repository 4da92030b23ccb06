"""`torch.lstm_cell` and `torch.lstm`, with weights of (4H, D) and the gates in PyTorch's order; sequences of different
lengths as a packed one."""

import torch

from nnspec.accelerated.torch.n09_recurrent._lengths import run_packed

LAYERS = (True, 1, 0.0, True, False)  # with biases, one layer, no dropout, in training, in one direction


def lstm_step_forward(x, h, c, Wx, Wh, b):
    return torch.lstm_cell(x, (h, c), *_weights(Wx, Wh, b))


def lstm_forward(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
    c0 = torch.zeros_like(h0) if c0 is None else c0
    weights = _weights(Wx, Wh, b)
    if lengths is None:
        h, _, c_T = torch.lstm(x, (h0[None], c0[None]), weights, *LAYERS, batch_first=True)
        return h, c_T[0]
    h, _, c_T = run_packed(lambda *packed: torch.lstm(*packed, weights, *LAYERS), x, lengths.long(), h0, c0)
    return h, c_T


def permute_gates(w, *, order_from="ifog", order_to="ifgo"):
    for name, order in (("order_from", order_from), ("order_to", order_to)):
        if sorted(order) != sorted("ifog"):
            raise ValueError(f"permute_gates: {name} must hold i, f, o and g, each once, got {order!r}")
    if w.shape[-1] % 4:
        raise ValueError(f"permute_gates: w must have 4 H columns, got shape {tuple(w.shape)}")
    gates = dict(zip(order_from, w.chunk(4, dim=-1), strict=True))
    return torch.cat([gates[gate] for gate in order_to], dim=-1)


def _weights(Wx, Wh, b):
    """(4H, D), (4H, H), (4H,), (4H,): the second bias is 0, since PyTorch adds them up."""
    Wx, Wh, b = (permute_gates(w) for w in (Wx, Wh, b))
    return Wx.T, Wh.T, b, torch.zeros_like(b)
