"""A map belongs to one thread. What one tap meets in all windows is laid out first, window after window, so that the
comparisons run in vectors however short the rows are. The tap that won is kept, and the backward divides nothing."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu import _tile
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu.n06_convolution._windows import copy_from, inside
from nnspec.reference.n06_convolution._windows import output_size


def max_pool2d_forward(x, *, k=2, stride=None, pad=0):
    if 2 * pad > k:
        raise ValueError(f"max_pool2d_forward: pad must be at most half of k = {k}, got {pad}")
    stride = k if stride is None else stride
    size = output_size("max_pool2d_forward", "k", x, (k, k), stride, pad)
    out = np.empty((*x.shape[:2], *size), x.dtype)
    winner = np.empty(out.shape, np.int32)
    _forward[out.size * k * k](*contiguous(x), k, stride, pad, out, winner)
    return out, (x.shape, winner, k, stride, pad)


def max_pool2d_backward(dout, cache):
    shape, winner, k, stride, pad = cache
    dx = np.empty(shape, dout.dtype)
    _backward[dx.size](*contiguous(dout, winner), k, stride, pad, dx)
    return dx


@kernel
def _forward(x, k, stride, pad, out, winner):
    (N, C, H, W), (_, _, HO, WO) = x.shape, out.shape
    x_flat, lowest, P, width = x.reshape(-1), x.dtype.type(-np.inf), HO * WO, _tile.columns(x.itemsize)
    out, winner = out.reshape(N * C, P), winner.reshape(N * C, P)
    for m in prange(N * C):
        met = np.empty(P + width, x.dtype)
        largest, position = out[m], winner[m]
        largest[:] = lowest
        for i in range(HO):
            for j in range(WO):  # the first that is inside wins over nothing at all
                position[i * WO + j] = max(0, pad - i * stride) * k + max(0, pad - j * stride)
        for tap in range(k * k):
            u, v, this = tap // k, tap % k, np.int32(tap)
            left, right = inside(W, v - pad, stride, WO)
            if pad:
                met[:P] = lowest
            for i in range(max(0, (pad - u + stride - 1) // stride), min(HO, (H + pad - u + stride - 1) // stride)):
                row = (m * H + i * stride + u - pad) * W + left * stride + v - pad
                copy_from(x_flat, row, stride, met, i * WO + left, right - left)
                if pad:  # the copy ran over
                    met[i * WO + right : i * WO + right + width] = lowest
            for p in range(P):
                wins = (met[p] > largest[p]) | ((met[p] != met[p]) & (largest[p] == largest[p]))  # NaN over numbers
                largest[p] = met[p] if wins else largest[p]
                position[p] = this if wins else position[p]


@kernel
def _backward(dout, winner, k, stride, pad, dx):
    (N, C, H, W), (_, _, HO, WO) = dx.shape, dout.shape
    dout, winner, dx = dout.reshape(N * C, HO, WO), winner.reshape(N * C, HO, WO), dx.reshape(N * C, H * W)
    offsets = np.empty(k * k, np.intp)
    for tap in range(k * k):
        offsets[tap] = (tap // k - pad) * W + tap % k - pad
    for m in prange(N * C):
        dx[m] = 0
        for i in range(HO):
            for j in range(WO):
                dx[m, i * stride * W + j * stride + offsets[winner[m, i, j]]] += dout[m, i, j]
