"""`torch.lstm_cell` and `torch.lstm`, with weights of (4H, D) and the gates in PyTorch's order."""

import torch


def lstm_step_forward(x, h, c, Wx, Wh, b):
    return torch.lstm_cell(x, (h, c), *_weights(Wx, Wh, b))


def lstm_forward(x, h0, Wx, Wh, b, c0=None):
    c0 = torch.zeros_like(h0) if c0 is None else c0
    h, _, c_T = torch.lstm(
        x, (h0[None], c0[None]), _weights(Wx, Wh, b), has_biases=True, num_layers=1, dropout=0.0, train=True,
        bidirectional=False, batch_first=True,
    )  # fmt: skip
    return h, c_T[0]


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
