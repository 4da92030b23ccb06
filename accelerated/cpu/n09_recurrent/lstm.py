"""x Wx for all steps is one product, and so are the gradients of the weights. What has to wait for the step before runs
on the register tile: each thread takes sequences of its own through all steps, so that no step waits for a thread, and
a row of h Wh is summed in one order however the sequences are shared out."""

import numba
import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import sigmoid, tanh
from nnspec.accelerated.cpu._product import TILE_SPEED, multiply_panels, pack_panels, panels_size, product
from nnspec.accelerated.cpu._sums import column_sums
from nnspec.accelerated.cpu._tile import ROWS, columns

APART = 16  # numbers between the rows of a buffer, so that rows do not compete for one place in the cache


def lstm_step_forward(x, h, c, Wx, Wh, b):
    h_next, c_next, cache = lstm_forward(x[:, None], h, Wx, Wh, b, c)
    return h_next[:, 0], c_next, cache


def lstm_step_backward(dh_next, dc_next, cache):
    dx, dh, dWx, dWh, db, dc = lstm_backward(dh_next[:, None], dc_next, cache)
    return dx[:, 0], dh, dc, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
    (N, T, D), H = x.shape, len(Wh)
    start = np.zeros_like(h0) if c0 is None else c0
    ends = np.full(N, T) if lengths is None else lengths.astype(np.int64)
    gates = product(x.reshape(N * T, D), Wx, bias=b).reshape(N, T, 4 * H)
    h, c = np.empty((N, T, H), x.dtype), np.empty((N, T, H), x.dtype)
    if h.size:
        _forward[h.size * 4 * H // TILE_SPEED](*contiguous(h0, start, Wh), ends, gates, h, c, _slices(N))
    c_T = (c[:, -1] if T else start).copy()
    return h, c_T, (x, h0, Wx, Wh, start, c0 is not None, ends, gates, h, c)


def lstm_backward(dh, dc_T, cache):
    x, h0, Wx, Wh, start, c0_given, ends, gates, h, c = cache
    (N, T, D), H = x.shape, len(Wh)
    da = np.empty_like(gates)
    dh0, dc0 = np.zeros_like(h0, order="C"), dc_T.copy()
    if h.size:
        read = contiguous(dh, start, Wh, gates, c)
        _backward[h.size * 4 * H // TILE_SPEED](*read, ends, da, dh0, dc0, _slices(N))
    da = da.reshape(N * T, 4 * H)
    before = np.concatenate([h0[:, None], h], axis=1)[:, :T].reshape(N * T, H)
    dx = product(da, Wx.T).reshape(x.shape)
    dWx, dWh = product(x.reshape(N * T, D).T, da), product(before.T, da)
    return dx, dh0, dWx, dWh, column_sums(da), dc0 if c0_given else None


def permute_gates(w, *, order_from="ifog", order_to="ifgo"):
    for name, order in (("order_from", order_from), ("order_to", order_to)):
        if sorted(order) != sorted("ifog"):
            raise ValueError(f"permute_gates: {name} must hold i, f, o and g, each once, got {order!r}")
    if w.shape[-1] % 4:
        raise ValueError(f"permute_gates: w must have 4 H columns, got shape {w.shape}")
    blocks = [order_from.index(gate) for gate in order_to]
    return w.reshape(*w.shape[:-1], 4, w.shape[-1] // 4)[..., blocks, :].reshape(w.shape)


def _slices(sequences):
    """As many as there are threads, if each gets a tile."""
    return max(1, min(numba.get_num_threads(), sequences // ROWS))


@kernel
def _forward(h0, c0, Wh, ends, gates, h, c, slices):
    N, T, H = h.shape
    packed = np.empty(panels_size(4 * H, H, Wh.itemsize), Wh.dtype)
    pack_panels(Wh.reshape(-1), 4 * H, 1, 4 * H, H, packed)
    gates_flat = gates.reshape(-1)
    for s in prange(slices):
        first, last = N * s // slices, N * (s + 1) // slices
        recent, apart = np.zeros((last - first + ROWS) * (H + APART), h.dtype), H + APART  # h of the step before
        edge = np.empty(ROWS * columns(h.itemsize), h.dtype)
        for n in range(first, last):
            recent[(n - first) * apart : (n - first) * apart + H] = h0[n]
        for t in range(T):
            multiply_panels(
                last - first, 4 * H, H, recent, 0, apart, 1, packed, 0, H,
                gates_flat, (first * T + t) * 4 * H, T * 4 * H, True, edge,
            )  # fmt: skip
            for n in range(first, last):
                now = recent[(n - first) * apart : (n - first) * apart + H]
                before = c[n, t - 1] if t else c0[n]
                if t < ends[n]:
                    _cell(gates[n, t], before, c[n, t], h[n, t], now)
                else:
                    h[n, t], c[n, t] = now[:H], before


@register_jitable
def _cell(a, c, c_next, h, again):
    """One row: opens the gates in place."""
    H = len(c)
    i, f, o, g = a[:H], a[H : 2 * H], a[2 * H : 3 * H], a[3 * H :]
    sigmoids = a[: 3 * H]
    for j in range(3 * H):
        sigmoids[j] = sigmoid(sigmoids[j])
    for j in range(H):
        g[j] = tanh(g[j])
    for j in range(H):
        c_next[j] = f[j] * c[j] + i[j] * g[j]
    for j in range(H):
        h[j] = o[j] * tanh(c_next[j])
    for j in range(H):
        again[j] = h[j]


@kernel
def _backward(dh, c0, Wh, gates, c, ends, da, dh0, dc0, slices):
    N, T, H = dh.shape
    packed = np.empty(panels_size(H, 4 * H, Wh.itemsize), Wh.dtype)
    pack_panels(Wh.reshape(-1), 1, 4 * H, H, 4 * H, packed)
    dh0_flat = dh0.reshape(-1)
    for s in prange(slices):
        first, last = N * s // slices, N * (s + 1) // slices
        recent, apart = np.zeros((last - first + ROWS) * (4 * H + APART), dh.dtype), 4 * H + APART
        edge = np.empty(ROWS * columns(dh.itemsize), dh.dtype)
        for back in range(T):
            t = T - 1 - back
            for n in range(first, last):
                now = recent[(n - first) * apart : (n - first) * apart + 4 * H]
                dh0[n] += dh[n, t]
                if t < ends[n]:  # else da stays at 0, where it starts
                    _cell_backward(dh0[n], gates[n, t], c[n, t - 1] if t else c0[n], c[n, t], dc0[n], now)
                    dh0[n] = 0
                da[n, t] = now
            multiply_panels(
                last - first, H, 4 * H, recent, 0, apart, 1, packed, 0, 4 * H, dh0_flat, first * H, H, True, edge
            )


@register_jitable
def _cell_backward(dh, gates, c, c_next, dc, da):
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
