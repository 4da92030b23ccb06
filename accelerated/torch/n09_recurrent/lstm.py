"""`torch.lstm_cell` and `torch.lstm`, with weights of (4H, D) and the gates in PyTorch's order; sequences of different
lengths as a packed one."""

import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

LAYERS = (True, 1, 0.0, True, False)  # with biases, one layer, no dropout, in training, in one direction


def lstm_step_forward(x, h, c, Wx, Wh, b):
    return torch.lstm_cell(x, (h, c), *_weights(Wx, Wh, b))


def lstm_forward(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
    c0 = torch.zeros_like(h0) if c0 is None else c0
    if lengths is None:
        h, _, c_T = torch.lstm(x, (h0[None], c0[None]), _weights(Wx, Wh, b), *LAYERS, batch_first=True)
        return h, c_T[0]
    return _packed(x, h0, c0, _weights(Wx, Wh, b), lengths.long())


def _packed(x, h0, c0, weights, lengths):
    """No sequence of no steps can be packed: it is given one, and then its own state back."""
    (N, T, _), last = x.shape, lengths.clamp(min=1) - 1
    packed = pack_padded_sequence(x, last + 1, batch_first=True, enforce_sorted=False)
    start = [state[None, packed.sorted_indices] for state in (h0, c0)]
    data, _, c_T = torch.lstm(packed.data, packed.batch_sizes, start, weights, *LAYERS)
    h, _ = pad_packed_sequence(PackedSequence(data, *packed[1:]), batch_first=True, total_length=T)
    steps = torch.minimum(torch.arange(T), last[:, None])  # (N, T): from its end on, a sequence stays where it is
    h = h.gather(1, steps[..., None].expand(N, T, h0.shape[1]))
    empty = (lengths == 0)[:, None]
    return torch.where(empty[..., None], h0[:, None], h), torch.where(empty, c0, c_T[0, packed.unsorted_indices])


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
