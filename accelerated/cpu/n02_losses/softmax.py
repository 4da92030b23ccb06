"""Lines in parallel, as in `_softmax.py`; the backward reads p and dout of a line once, and again from the cache."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_products
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu.n02_losses._softmax import as_they_stood, lines, softmax_lines
from nnspec.reference.n02_losses._axis import require_axis


def softmax_forward(x, *, axis=-1):
    require_axis("softmax_forward", x, axis)
    p, _, _ = softmax_lines(lines(x, axis))
    return as_they_stood(p, x.shape, axis), (p, axis)


def softmax_backward(dout, cache):
    p, axis = cache
    dx = np.empty(p.shape, p.dtype)
    if dx.size:
        _backward[4 * p.size](*contiguous(lines(dout, axis), p), dx)
    return as_they_stood(dx, dout.shape, axis)


@kernel
def _backward(dout, p, dx):
    size = p.shape[1]
    dout_flat, p_flat = dout.reshape(-1), p.reshape(-1)
    for i in prange(len(p)):
        upstream, weights, here = dout[i], p[i], dx[i]
        along = fold_products(dout_flat, i * size, p_flat, i * size, size)
        for j in range(size):
            here[j] = weights[j] * (upstream[j] - along)
