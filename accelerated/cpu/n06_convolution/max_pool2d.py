"""A map belongs to one thread. A row of out is compared with one place of all its windows at a time, so that the
comparisons run in vectors; where each maximum stood is kept as a position, and the backward divides nothing."""

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.reference.n06_convolution._windows import output_size


def max_pool2d_forward(x, *, k=2, stride=None, pad=0):
    if 2 * pad > k:
        raise ValueError(f"max_pool2d_forward: pad must be at most half of k = {k}, got {pad}")
    stride = k if stride is None else stride
    size = output_size("max_pool2d_forward", "k", x, (k, k), stride, pad)
    out = np.empty((*x.shape[:2], *size), x.dtype)
    winner = np.empty(out.shape, np.int32)
    _forward[out.size * k * k](*contiguous(x), k, stride, pad, out, winner)
    return out, (x.shape, winner)


def max_pool2d_backward(dout, cache):
    shape, winner = cache
    dx = np.empty(shape, dout.dtype)
    _backward[dx.size](*contiguous(dout, winner), dx)
    return dx


@kernel
def _forward(x, k, stride, pad, out, winner):
    (N, C, H, W), (_, _, HO, WO) = x.shape, out.shape
    for m in prange(N * C):
        n, c = m // C, m % C
        for i in range(HO):
            largest, position = out[n, c, i], winner[n, c, i]
            largest[:] = -np.inf
            position[:] = -1
            for y in range(max(0, i * stride - pad), min(H, i * stride - pad + k)):
                for v in range(k):
                    left = max(0, (pad - v + stride - 1) // stride)
                    right = max(left, min(WO, (W + pad - v + stride - 1) // stride))
                    at = left * stride + v - pad
                    _compare(x[n, c, y, at:], stride, y * W + at, largest[left:right], position[left:right])


@register_jitable
def _compare(row, stride, at, largest, position):
    """Every stride-th entry with the largest so far. A stride that the compiler knows lets it use vectors."""
    if stride == 1:
        for j in range(len(largest)):
            largest[j], position[j] = _winner(row[j], at + j, largest[j], position[j])
    elif stride == 2:
        for j in range(len(largest)):
            largest[j], position[j] = _winner(row[2 * j], at + 2 * j, largest[j], position[j])
    else:
        for j in range(len(largest)):
            largest[j], position[j] = _winner(row[stride * j], at + stride * j, largest[j], position[j])


@register_jitable
def _winner(x, at, largest, position):
    """Between an entry and the largest before it. NaN wins, and so does the first entry over nothing at all."""
    wins = (x > largest) | ((x != x) & (largest == largest)) | (position < 0)
    return (x if wins else largest), (np.int32(at) if wins else position)


@kernel
def _backward(dout, winner, dx):
    (N, C, H, W), (_, _, HO, WO) = dx.shape, dout.shape
    dout, winner, dx = dout.reshape(N * C, HO * WO), winner.reshape(N * C, HO * WO), dx.reshape(N * C, H * W)
    for m in prange(N * C):
        dx[m] = 0
        for j in range(HO * WO):
            if winner[m, j] >= 0:
                dx[m, winner[m, j]] += dout[m, j]
