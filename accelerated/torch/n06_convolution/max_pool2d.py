"""`F.max_pool2d`."""

import torch.nn.functional as F

from nnspec.reference.n06_convolution._windows import output_size


def max_pool2d_forward(x, *, k=2, stride=None, pad=0):
    if 2 * pad > k:
        raise ValueError(f"max_pool2d_forward: pad must be at most half of k = {k}, got {pad}")
    output_size("max_pool2d_forward", "k", x, (k, k), k if stride is None else stride, pad)
    return F.max_pool2d(x, k, stride, pad)
