"""A map belongs to one thread, which sums it in vectors."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import flat, kernel


def global_avg_pool_forward(x):
    if 0 in x.shape[2:]:
        raise ValueError(f"global_avg_pool_forward: x must hold at least one pixel, got {x.shape[2]} x {x.shape[3]}")
    out = np.empty(x.shape[:2], x.dtype)
    _average[x.size](*flat(x), x.shape[2] * x.shape[3], out.reshape(-1))
    return out, (x.shape,)


def global_avg_pool_backward(dout, cache):
    (shape,) = cache
    dx = np.empty(shape, dout.dtype)
    _spread[dx.size](*flat(dout), dx.reshape(dout.size, shape[2] * shape[3]))
    return dx


@kernel
def _average(x, size, out):
    for m in prange(len(out)):
        out[m] = fold_sum(x, m * size, size) / x.dtype.type(size)


@kernel
def _spread(dout, dx):
    for m in prange(len(dx)):
        share = dout[m] / dx.dtype.type(dx.shape[1])
        for k in range(dx.shape[1]):
            dx[m, k] = share
