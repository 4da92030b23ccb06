"""x Wx for all steps is one product, and so are the gradients of the weights. What has to wait for the step before runs
on the register tile: each thread takes sequences of its own through all steps, so that no step waits for a thread, and
a row of h Wh is summed in one order however the sequences are shared out. A single step has nothing to wait for: it is
two products and one pass over the gates."""

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import sigmoid, tanh
from nnspec.accelerated.cpu._product import TILE_SPEED, product
from nnspec.accelerated.cpu._sums import column_sums
from nnspec.accelerated.cpu._tile import ROWS
from nnspec.accelerated.cpu.n09_recurrent._through_time import (
    APART,
    multiply_slice,
    packed_weights,
    slices_of,
    without_what_follows,
)


def lstm_step_forward(x, h, c, Wx, Wh, b):
    gates, from_h = product(x, Wx, bias=b), product(h, Wh)
    h_next, c_next = np.empty_like(h, order="C"), np.empty_like(c, order="C")
    _step[64 * h.size](*contiguous(from_h, c), gates, h_next, c_next)
    return h_next, c_next, (x, h, c, Wx, Wh, gates, c_next)


def lstm_step_backward(dh_next, dc_next, cache):
    x, h, c, Wx, Wh, gates, c_next = cache
    da, dc = np.empty_like(gates), dc_next.copy(order="C")
    _step_backward[64 * h.size](*contiguous(dh_next, gates, c, c_next), da, dc)
    return product(da, Wx.T), product(da, Wh.T), dc, product(x.T, da), product(h.T, da), column_sums(da)


def lstm_forward(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
    (N, T, D), H = x.shape, len(Wh)
    start = np.zeros_like(h0) if c0 is None else c0
    if lengths is None:
        ends = np.full(N, T)
    else:
        ends, x = lengths.astype(np.int64), without_what_follows(lengths, x)
    gates = product(x.reshape(N * T, D), Wx, bias=b).reshape(N, T, 4 * H)
    h, c = np.empty((N, T, H), x.dtype), np.empty((N, T, H), x.dtype)
    if h.size:
        _forward[h.size * 4 * H // TILE_SPEED](*contiguous(h0, start, Wh), ends, gates, h, c, slices_of(N))
    c_T = (c[:, -1] if T else start).copy()
    return h, c_T, (x, h0, Wx, Wh, start, c0 is not None, ends, gates, h, c)


def lstm_backward(dh, dc_T, cache):
    x, h0, Wx, Wh, start, c0_given, ends, gates, h, c = cache
    (N, T, D), H = x.shape, len(Wh)
    da = np.empty_like(gates)
    dh0, dc0 = np.zeros_like(h0, order="C"), dc_T.copy()
    if h.size:
        read = contiguous(dh, start, Wh, gates, c)
        _backward[h.size * 4 * H // TILE_SPEED](*read, ends, da, dh0, dc0, slices_of(N))
    da = da.reshape(N * T, 4 * H)
    before = np.empty_like(h)
    before[:, :1], before[:, 1:] = h0[:, None], h[:, :-1]
    dx = product(da, Wx.T).reshape(x.shape)
    dWx, dWh = product(x.reshape(N * T, D).T, da), product(before.reshape(N * T, H).T, da)
    return dx, dh0, dWx, dWh, column_sums(da), dc0 if c0_given else None


def permute_gates(w, *, order_from="ifog", order_to="ifgo"):
    for name, order in (("order_from", order_from), ("order_to", order_to)):
        if sorted(order) != sorted("ifog"):
            raise ValueError(f"permute_gates: {name} must hold i, f, o and g, each once, got {order!r}")
    if w.shape[-1] % 4:
        raise ValueError(f"permute_gates: w must have 4 H columns, got shape {w.shape}")
    blocks = [order_from.index(gate) for gate in order_to]
    return w.reshape(*w.shape[:-1], 4, w.shape[-1] // 4)[..., blocks, :].reshape(w.shape)


@kernel
def _step(from_h, c, gates, h_next, c_next):
    for n in prange(len(c)):
        _cell(from_h[n], c[n], gates[n], h_next[n], c_next[n])


@kernel
def _step_backward(dh, gates, c, c_next, da, dc):
    for n in prange(len(c)):
        _cell_backward(dh[n], gates[n], c[n], c_next[n], da[n], dc[n])


@kernel
def _forward(h0, c0, Wh, ends, gates, h, c, slices):
    N, T, H = h.shape
    packed, wide = packed_weights(Wh.reshape(-1), 4 * H, 1, 4 * H, H)
    for s in prange(slices):
        first, last = N * s // slices, N * (s + 1) // slices
        recent = np.zeros((last - first + ROWS, H + APART), h.dtype)  # h of the step before
        from_h = np.empty((last - first + ROWS, wide), h.dtype)
        recent[: last - first, :H] = h0[first:last]
        for t in range(T):
            multiply_slice(last - first, H, recent, packed, from_h)
            for n in range(first, last):
                before = c[n, t - 1] if t else c0[n]
                if t < ends[n]:
                    _cell(from_h[n - first], before, gates[n, t], h[n, t], c[n, t])
                    recent[n - first, :H] = h[n, t]
                else:
                    h[n, t], c[n, t] = recent[n - first, :H], before


@kernel
def _backward(dh, c0, Wh, gates, c, ends, da, dh0, dc0, slices):
    N, T, H = dh.shape
    packed, wide = packed_weights(Wh.reshape(-1), 1, 4 * H, H, 4 * H)
    for s in prange(slices):
        first, last = N * s // slices, N * (s + 1) // slices
        recent = np.zeros((last - first + ROWS, 4 * H + APART), dh.dtype)  # da of the step after
        back = np.zeros((last - first + ROWS, wide), dh.dtype)
        for t in range(T - 1, -1, -1):
            for n in range(first, last):
                upstream, from_later, shown = dh0[n], back[n - first], dh[n, t]
                for j in range(H):
                    upstream[j] += from_later[j] + shown[j]
                if t < ends[n]:
                    before = c[n, t - 1] if t else c0[n]
                    _cell_backward(upstream, gates[n, t], before, c[n, t], da[n, t], dc0[n])
                    recent[n - first, : 4 * H] = da[n, t]
                    upstream[:] = 0
                else:
                    da[n, t] = 0  # as it is in `recent`, where it starts
            multiply_slice(last - first, 4 * H, recent, packed, back)
        dh0[first:last] += back[: last - first, :H]


@register_jitable
def _cell(from_h, c, a, h, c_next):
    """One row: opens the gates in place."""
    H = len(c)
    i, f, o, g = a[:H], a[H : 2 * H], a[2 * H : 3 * H], a[3 * H :]
    sigmoids, g_from_h = a[: 3 * H], from_h[3 * H :]
    for j in range(3 * H):
        sigmoids[j] = sigmoid(sigmoids[j] + from_h[j])
    for j in range(H):
        g[j] = tanh(g[j] + g_from_h[j])
    for j in range(H):
        c_next[j] = f[j] * c[j] + i[j] * g[j]
    for j in range(H):
        h[j] = o[j] * tanh(c_next[j])


@register_jitable
def _cell_backward(dh, gates, c, c_next, da, dc):
    """One row: dc becomes that of the cell before."""
    H = len(c)
    one = dc.dtype.type(1)
    i, f, o, g = gates[:H], gates[H : 2 * H], gates[2 * H : 3 * H], gates[3 * H :]
    di, df, do, dg = da[:H], da[H : 2 * H], da[2 * H : 3 * H], da[3 * H :]
    for j in range(H):
        shown = tanh(c_next[j])
        do[j] = dh[j] * shown * o[j] * (one - o[j])
        dc[j] += dh[j] * o[j] * (one - shown * shown)
    for j in range(H):
        di[j] = dc[j] * g[j] * i[j] * (one - i[j])
    for j in range(H):
        df[j] = dc[j] * c[j] * f[j] * (one - f[j])
    for j in range(H):
        dg[j] = dc[j] * i[j] * (one - g[j] * g[j])
        dc[j] *= f[j]
