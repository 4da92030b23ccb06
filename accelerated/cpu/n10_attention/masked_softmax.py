"""Rows in parallel, each owned by one thread; a mask is read where it stands, however many rows share it."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_max, fold_products, fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import flushed_exp
from nnspec.accelerated.cpu.n10_attention._masks import broadcast_index


def masked_softmax_forward(x, *, mask=None):
    out = np.empty(x.shape, x.dtype)
    if out.size:
        masks, which = np.empty((0, 0), np.bool_), np.empty(0, np.intp)
        if mask is not None:
            masks, which = mask.reshape(-1, mask.shape[-1]), broadcast_index(mask.shape[:-1], x.shape[:-1])
        _forward[8 * x.size](*contiguous(_rows(x), masks, which), _rows(out))
    return out, (out,)


def masked_softmax_backward(dout, cache):
    (out,) = cache
    dx = np.empty(out.shape, out.dtype)
    if dx.size:
        _backward[4 * out.size](*contiguous(_rows(dout), _rows(out)), _rows(dx))
    return dx


def _rows(x):
    return x.reshape(-1, x.shape[-1])


@kernel
def _forward(x, masks, which, out):
    size, nothing, one = x.shape[1], x.dtype.type(-np.inf), x.dtype.type(1)
    out_flat = out.reshape(-1)
    for i in prange(len(x)):
        scores, p = x[i], out[i]
        if masks.size:
            mask = masks[which[i]]
            for j in range(size):
                p[j] = scores[j] if mask[j] else nothing
        else:
            p[:] = scores
        top = fold_max(out_flat, i * size, size)
        top = x.dtype.type(0) if top == nothing else top
        for j in range(size):
            p[j] = flushed_exp(p[j] - top)
        total = fold_sum(out_flat, i * size, size)
        scale = one if total == 0 else one / total
        for j in range(size):
            p[j] = p[j] * scale if p[j] != 0 else x.dtype.type(0)


@kernel
def _backward(dout, out, dx):
    size = out.shape[1]
    out_flat, dx_flat, zero = out.reshape(-1), dx.reshape(-1), out.dtype.type(0)
    for i in prange(len(out)):
        p, upstream, here = out[i], dout[i], dx[i]
        for j in range(size):
            here[j] = upstream[j] if p[j] != 0 else zero  # 0 times infinity would be NaN
        along = fold_products(dx_flat, i * size, out_flat, i * size, size)
        for j in range(size):
            here[j] = p[j] * (here[j] - along) if p[j] != 0 else zero
