"""Parametric ReLU: a slope for each channel, which is learned. He et al. 2015, arXiv:1502.01852, eq. 1 and 8.

    out_nc = x_nc where x_nc > 0, else a_c x_nc        dx = dout where x > 0, else a dout
                                                       da_c = sum_n dout_nc x_nc where x_nc <= 0

x, out (N, C, …)    a (C,): it begins at 0.25

A slope belongs to all samples and pixels of its channel, so that its gradient is the sum over them. At the kink dx is
that of the negative side. No weight decay on a: it would pull it to 0, back to a ReLU.
"""

import numpy as np

from nnspec.shapes import Array, Float


def prelu_forward(x: Float[Array, "N C *d"], a: Float[Array, "C"]):
    return np.where(x > 0, x, _of_channels(a, x) * x), (x, a)


def prelu_backward(dout, cache):
    x, a = cache
    dx = np.where(x > 0, dout, _of_channels(a, x) * dout)  # (N, C, …)
    pulls = np.where(x > 0, 0, dout * x)  # (N, C, …)
    da = pulls.sum(axis=(0, *range(2, x.ndim)))  # (C,)
    return dx, da


def _of_channels(a, x):
    """(C,) -> (C, 1, …), which broadcasts with x."""
    return a.reshape(len(a), *[1] * (x.ndim - 2))
