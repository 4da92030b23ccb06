"""A map belongs to one thread. As many windows as a vector has lanes are compared at a time. The tap that won is kept,
and the backward divides nothing."""

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu import _tile
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._product import copy
from nnspec.accelerated.cpu.n06_convolution._pooling import best_of_any, best_of_every_second, best_side_by_side
from nnspec.reference.n06_convolution._windows import output_size

PARTS = 64  # of the maps, each with room of its own


def max_pool2d_forward(x, *, k=2, stride=None, pad=0):
    if 2 * pad > k:
        raise ValueError(f"max_pool2d_forward: pad must be at most half of k = {k}, got {pad}")
    stride = k if stride is None else stride
    size = output_size("max_pool2d_forward", "k", x, (k, k), stride, pad)
    out = np.empty((*x.shape[:2], *size), x.dtype)
    winner = np.empty(out.shape, np.uint8 if k * k <= 256 else np.int32)
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
    maps, P, lanes = N * C, HO * WO, _tile.columns(x.itemsize) // _tile.VECTORS
    height, width = (HO - 1) * stride + k, (WO - 1) * stride + k  # what windows meet
    right, parts = min(W, width - pad), min(maps, PARTS)
    x_flat, out, winner = x.reshape(-1), out.reshape(maps, P), winner.reshape(maps, P)
    first = np.zeros(P + lanes, winner.dtype)  # that is inside: it wins over nothing at all
    for i in range(HO):
        for j in range(WO):
            first[i * WO + j] = max(0, pad - i * stride) * k + max(0, pad - j * stride)
    for part in prange(parts):
        padded = np.full(height * width + lanes * stride, -np.inf, x.dtype)
        largest, won = np.empty(P + lanes, x.dtype), np.empty(P + lanes, winner.dtype)
        for m in range(part * maps // parts, (part + 1) * maps // parts):
            if pad == 0 and m < maps - 1 and stride * lanes <= H * W:  # vectors run over into the next map
                _best_of_map(x_flat, m * H * W, W, k, stride, first, HO, WO, lanes, largest, won)
            else:
                for y in range(min(H, height - pad)):
                    at, to = (m * H + y) * W, (y + pad) * width + pad
                    copy(x_flat[at : at + right], padded[to : to + right])
                _best_of_map(padded, 0, width, k, stride, first, HO, WO, lanes, largest, won)
            copy(largest[:P], out[m])
            copy(won[:P], winner[m])


@register_jitable
def _best_of_map(x, start, row, k, stride, first, HO, WO, lanes, largest, won):
    for i in range(HO):
        for j in range(0, WO, lanes):  # each writes over into what the next one writes
            at, to = start + i * stride * row + j * stride, i * WO + j
            if stride == 1:
                best_side_by_side(x, at, row, k, stride, first, largest, won, to)
            elif stride == 2:
                best_of_every_second(x, at, row, k, stride, first, largest, won, to)
            else:
                best_of_any(x, at, row, k, stride, first, largest, won, to)


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
