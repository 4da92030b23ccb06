"""`F.conv2d`."""

import torch.nn.functional as F

from nnspec.reference.n06_convolution._windows import output_size


def conv2d_forward(x, w, b=None, *, stride=1, pad=0):
    output_size("conv2d_forward", "w", x, w.shape[2:], stride, pad)
    return F.conv2d(x, w, b, stride=stride, padding=pad)
