"""An image is a row, and each of its branches a piece of it, which one thread copies."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._product import copy


def concat_channels_forward(x1, x2, x3=None, x4=None):
    branches = (x1, x2, x3, x4)
    given = [x for x in branches if x is not None]
    N, _, H, W = x1.shape
    out, first = np.empty((N, sum(x.shape[1] for x in given), H, W), x1.dtype), 0
    for x in given:
        _put[x.size](*contiguous(x.reshape(N, x.shape[1] * H * W)), first, _rows(out))
        first += x.shape[1] * H * W
    return out, tuple(None if x is None else x.shape[1] for x in branches)


def concat_channels_backward(dout, cache):
    N, _, H, W = dout.shape
    (rows,), gradients, first = contiguous(_rows(dout)), [], 0
    for channels in cache:
        dx = None
        if channels is not None:
            dx = np.empty((N, channels, H, W), dout.dtype)
            _take[dx.size](rows, first, _rows(dx))
            first += channels * H * W
        gradients.append(dx)
    return tuple(gradients)


def _rows(x):
    """(N, C, H, W) -> (N, C H W)."""
    return x.reshape(len(x), x[:1].size if len(x) else 0)


@kernel
def _put(x, first, out):
    for n in prange(len(x)):
        copy(x[n], out[n, first : first + x.shape[1]])


@kernel
def _take(dout, first, dx):
    for n in prange(len(dx)):
        copy(dout[n, first : first + dx.shape[1]], dx[n])
