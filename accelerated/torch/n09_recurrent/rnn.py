"""`torch.rnn_tanh_cell` and `torch.rnn_tanh`, with weights of (H, D) and a second bias of 0; sequences of different
lengths as a packed one."""

import torch

from nnspec.accelerated.torch.n09_recurrent._lengths import run_packed

LAYERS = (True, 1, 0.0, True, False)  # with biases, one layer, no dropout, in training, in one direction


def rnn_step_forward(x, h, Wx, Wh, b):
    return torch.rnn_tanh_cell(x, h, Wx.T, Wh.T, b, torch.zeros_like(b))


def rnn_forward(x, h0, Wx, Wh, b, *, lengths=None):
    weights = Wx.T, Wh.T, b, torch.zeros_like(b)
    if lengths is None:
        return torch.rnn_tanh(x, h0[None], weights, *LAYERS, batch_first=True)[0]

    def run(data, batch_sizes, states):
        return torch.rnn_tanh(data, batch_sizes, *states, weights, *LAYERS)

    return run_packed(run, x, lengths.long(), h0)[0]
