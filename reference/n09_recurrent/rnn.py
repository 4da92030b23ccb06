"""Vanilla recurrent network. Elman 1990, "Finding structure in time"; Goodfellow et al. 2016, "Deep Learning",
eq. 10.8 and 10.9; CS231n, assignment 3, `rnn_step_forward`, `rnn_forward`.

    h' = tanh(a)        a = x Wx + h Wh + b
    da = dh' (1 - h'^2)
    dx = da Wx^T        dh = da Wh^T        dWx = x^T da        dWh = h^T da        db = sum_n da_n

x (N, D), of a sequence (N, T, D)    h (N, H)    Wx (D, H)    Wh (H, H)    b (H,)    h of all steps (N, T, H)

All steps have the same weights. A sequence gives h of every step; its dh is what comes from above alone, what flows
back through time is added inside: dL/dh_t = dh_t + (dL/dh_{t+1} (1 - h_{t+1}^2)) Wh^T. The course's note leaves the
slope out, which is right for a linear cell alone, and b, which is then 0.

lengths (N,), each 0 … T: sequence n is over after so many steps. From there on its h stays as it is, and its x and the
weights get no gradient, whatever stands in that x. So h[:, -1] is always that of the last step of each sequence.
"""

import numpy as np

from nnspec.shapes import Array, Float, Labels


def rnn_step_forward(
    x: Float[Array, "N D"],
    h: Float[Array, "N H"],
    Wx: Float[Array, "D H"],
    Wh: Float[Array, "H H"],
    b: Float[Array, "H"],
):
    h_next = np.tanh(x @ Wx + h @ Wh + b)  # (N, H)
    return h_next, (x, h, Wx, Wh, h_next)


def rnn_step_backward(dh_next, cache):
    x, h, Wx, Wh, h_next = cache
    da = dh_next * (1 - h_next * h_next)  # (N, H) of what is squashed
    return da @ Wx.T, da @ Wh.T, x.T @ da, h.T @ da, da.sum(axis=0)


def rnn_forward(
    x: Float[Array, "N T D"],
    h0: Float[Array, "N H"],
    Wx: Float[Array, "D H"],
    Wh: Float[Array, "H H"],
    b: Float[Array, "H"],
    *,
    lengths: Labels["N", "T + 1"] | None = None,
):
    N, T, _ = x.shape
    running = np.arange(T)[:, None, None] < (T if lengths is None else lengths[:, None])  # (T, N or 1, 1)
    h, hs, caches = h0, np.empty((N, T, len(Wh)), x.dtype), []  # (N, H), (N, T, H)
    for t in range(T):
        h_next, cache = rnn_step_forward(np.where(running[t], x[:, t], 0), h, Wx, Wh, b)
        h = np.where(running[t], h_next, h)
        hs[:, t] = h
        caches.append(cache)
    return hs, (x, h0, Wx, Wh, running, caches)


def rnn_backward(dh, cache):
    x, h0, Wx, Wh, running, caches = cache
    dx, dWx, dWh, db = (np.zeros_like(a) for a in (x, Wx, Wh, Wh[0]))
    dh_next = np.zeros_like(h0)  # (N, H) from the step after
    for t in reversed(range(len(caches))):
        dh_next = dh_next + dh[:, t]
        dx[:, t], dh_before, *dw = rnn_step_backward(np.where(running[t], dh_next, 0), caches[t])
        dh_next = np.where(running[t], dh_before, dh_next)
        dWx, dWh, db = dWx + dw[0], dWh + dw[1], db + dw[2]  # every step has the same weights
    return dx, dh_next, dWx, dWh, db
