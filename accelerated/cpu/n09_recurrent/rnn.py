"""x Wx for all steps is one product, and so are the gradients of the weights; each thread takes sequences of its own
through all steps, as in lstm.py. h is written over x Wx + b, and holds all that the backward needs. A single step is
products and a pass over their sum."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._formula import elementwise
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import tanh
from nnspec.accelerated.cpu._product import TILE_SPEED, product
from nnspec.accelerated.cpu._sums import column_sums
from nnspec.accelerated.cpu._tile import ROWS
from nnspec.accelerated.cpu.n05_backpropagation.tanh import tanh_backward
from nnspec.accelerated.cpu.n09_recurrent._through_time import (
    APART,
    multiply_slice,
    packed_weights,
    slices_of,
    without_what_follows,
)


def rnn_step_forward(x, h, Wx, Wh, b):
    h_next = _squashed(product(x, Wx, bias=b), product(h, Wh))
    return h_next, (x, h, Wx, Wh, h_next)


def rnn_step_backward(dh_next, cache):
    x, h, Wx, Wh, h_next = cache
    da = tanh_backward(dh_next, (h_next,))
    return product(da, Wx.T), product(da, Wh.T), product(x.T, da), product(h.T, da), column_sums(da)


def rnn_forward(x, h0, Wx, Wh, b, *, lengths=None):
    (N, T, D), H = x.shape, len(Wh)
    if lengths is None:
        ends = np.full(N, T)
    else:
        ends, x = lengths.astype(np.int64), without_what_follows(lengths, x)
    h = product(x.reshape(N * T, D), Wx, bias=b).reshape(N, T, H)
    if h.size:
        _forward[h.size * H // TILE_SPEED](*contiguous(h0, Wh, ends), h, slices_of(N))
    return h, (x, h0, Wx, Wh, ends, h)


def rnn_backward(dh, cache):
    x, h0, Wx, Wh, ends, h = cache
    (N, T, D), H = x.shape, len(Wh)
    da, dh0 = np.empty_like(h), np.zeros_like(h0, order="C")
    if h.size:
        _backward[h.size * H // TILE_SPEED](*contiguous(dh, Wh, h, ends), da, dh0, slices_of(N))
    da = da.reshape(N * T, H)
    before = np.empty_like(h)
    before[:, :1], before[:, 1:] = h0[:, None], h[:, :-1]
    dx = product(da, Wx.T).reshape(x.shape)
    return dx, dh0, product(x.reshape(N * T, D).T, da), product(before.reshape(N * T, H).T, da), column_sums(da)


@elementwise
def _squashed(from_x, from_h):
    return tanh(from_x + from_h)


@kernel
def _forward(h0, Wh, ends, h, slices):
    N, T, H = h.shape
    packed, wide = packed_weights(Wh.reshape(-1), H, 1, H, H)
    for s in prange(slices):
        first, last = N * s // slices, N * (s + 1) // slices
        recent = np.zeros((last - first + ROWS, H + APART), h.dtype)  # h of the step before
        from_h = np.empty((last - first + ROWS, wide), h.dtype)
        recent[: last - first, :H] = h0[first:last]
        for t in range(T):
            multiply_slice(last - first, H, recent, packed, from_h)
            for n in range(first, last):
                here, kept, more = h[n, t], recent[n - first], from_h[n - first]
                if t < ends[n]:
                    for j in range(H):
                        here[j] = tanh(here[j] + more[j])
                    kept[:H] = here
                else:
                    here[:] = kept[:H]


@kernel
def _backward(dh, Wh, h, ends, da, dh0, slices):
    N, T, H = dh.shape
    one = h.dtype.type(1)
    packed, wide = packed_weights(Wh.reshape(-1), 1, H, H, H)
    for s in prange(slices):
        first, last = N * s // slices, N * (s + 1) // slices
        recent = np.zeros((last - first + ROWS, H + APART), dh.dtype)  # da of the step after
        back = np.zeros((last - first + ROWS, wide), dh.dtype)
        for t in range(T - 1, -1, -1):
            for n in range(first, last):
                upstream, from_later = dh0[n], back[n - first]
                shown, here = dh[n, t], da[n, t]
                for j in range(H):
                    upstream[j] += from_later[j] + shown[j]
                if t < ends[n]:
                    squashed = h[n, t]
                    for j in range(H):
                        here[j] = upstream[j] * (one - squashed[j] * squashed[j])
                    recent[n - first, :H] = here
                    upstream[:] = 0
                else:
                    here[:] = 0  # as it is in `recent`, where it starts
            multiply_slice(last - first, H, recent, packed, back)
        dh0[first:last] += back[: last - first, :H]
