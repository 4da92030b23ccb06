"""`torch.sigmoid`, and the rest as it is written."""

import torch


def circuit_xyz_forward(x, y, z):
    return (x + y) * z


def sigmoid_neuron_forward(w0, x0, w1, x1, w2):
    return torch.sigmoid(w0 * x0 + w1 * x1 + w2)


def staged_f_forward(x, y):
    return (x + torch.sigmoid(y)) / (torch.sigmoid(x) + (x + y) ** 2)
