"""A map belongs to one thread."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel


def padding_shortcut_forward(x, *, F, stride=1):
    N, _, H, W = x.shape
    out = np.empty((N, F, -(-H // stride), -(-W // stride)), x.dtype)
    _padded[out.size](*contiguous(x), stride, out)
    return out, (x.shape, stride)


def padding_shortcut_backward(dout, cache):
    shape, stride = cache
    dx = np.empty(shape, dout.dtype)
    _spread[dx.size](*contiguous(dout), stride, dx)
    return dx


@kernel
def _padded(x, stride, out):
    channels, F = x.shape[1], out.shape[1]
    for m in prange(len(x) * F):
        n, f = m // F, m % F
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                out[n, f, i, j] = x[n, f, i * stride, j * stride] if f < channels else 0


@kernel
def _spread(dout, stride, dx):
    channels = dx.shape[1]
    for m in prange(len(dx) * channels):
        n, c = m // channels, m % channels
        dx[n, c] = 0
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                dx[n, c, i * stride, j * stride] = dout[n, c, i, j]
