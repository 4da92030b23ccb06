"""An image belongs to one thread."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel


def hflip_forward(x, mask):
    return _flipped(x, mask), (mask,)


def hflip_backward(dout, cache):
    (mask,) = cache
    return _flipped(dout, mask)


def _flipped(x, mask):
    N, C, H, W = x.shape
    out = np.empty(x.shape, x.dtype)
    _flip[x.size](*contiguous(x.reshape(N, C * H, W), mask), out.reshape(N, C * H, W))
    return out


@kernel
def _flip(x, mask, out):
    _, rows, W = x.shape
    for n in prange(len(x)):
        for i in range(rows):
            if mask[n]:
                for j in range(W):
                    out[n, i, j] = x[n, i, W - 1 - j]
            else:
                for j in range(W):
                    out[n, i, j] = x[n, i, j]
