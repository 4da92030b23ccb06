"""Long short-term memory. Hochreiter and Schmidhuber 1997; CS231n, assignment 3, `lstm_step_forward`, `lstm_forward`.
With the forget gate: Goodfellow et al. 2016, "Deep Learning", eq. 10.40 to 10.44.

    a = x Wx + h Wh + b        i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)        g = tanh(a_g)
    c' = f * c + i * g         h' = o * tanh(c')

x (N, D), of a sequence (N, T, D)    h, c (N, H)    Wx (D, 4H)    Wh (H, 4H)    b (4H,)    h of all steps (N, T, H)

a, and with it the columns of Wx, Wh and b, holds the gates i, f, o, g, H columns each. PyTorch's order is i, f, g, o
(`permute_gates`), and its two biases add up. The cell starts at c0 = 0 unless one is given. A sequence gives h of every
step and the last c; its dh is what comes from above alone, what flows back through time is added inside.

lengths (N,), each 0 … T: sequence n is over after so many steps. From there on its h and c stay as they are, and its x
and the weights get no gradient, whatever stands in that x. So h[:, -1] and c_T are always those of the last step of
each sequence.
"""

import numpy as np

from nnspec.shapes import Array, Float, Labels


def lstm_step_forward(
    x: Float[Array, "N D"],
    h: Float[Array, "N H"],
    c: Float[Array, "N H"],
    Wx: Float[Array, "D 4*H"],
    Wh: Float[Array, "H 4*H"],
    b: Float[Array, "4*H"],
):
    i, f, o, g = np.split(x @ Wx + h @ Wh + b, 4, axis=1)  # (N, H) each
    i, f, o, g = _sigmoid(i), _sigmoid(f), _sigmoid(o), np.tanh(g)
    c_next = f * c + i * g  # (N, H)
    squashed = np.tanh(c_next)  # (N, H)
    return o * squashed, c_next, (x, h, c, Wx, Wh, i, f, o, g, squashed)


def lstm_step_backward(dh_next, dc_next, cache):
    x, h, c, Wx, Wh, i, f, o, g, squashed = cache
    dc_next = dc_next + dh_next * o * (1 - squashed * squashed)  # (N, H) c' also reaches the outside through h'
    di, df, do, dg = dc_next * g, dc_next * c, dh_next * squashed, dc_next * i  # (N, H) each
    slopes = di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g * g)
    da = np.concatenate(slopes, axis=1)  # (N, 4H) of what goes into the gates
    return da @ Wx.T, da @ Wh.T, dc_next * f, x.T @ da, h.T @ da, da.sum(axis=0)


def lstm_forward(
    x: Float[Array, "N T D"],
    h0: Float[Array, "N H"],
    Wx: Float[Array, "D 4*H"],
    Wh: Float[Array, "H 4*H"],
    b: Float[Array, "4*H"],
    c0: Float[Array, "N H"] | None = None,
    *,
    lengths: Labels["N", "T + 1"] | None = None,
):
    N, T, _ = x.shape
    running = np.arange(T)[:, None, None] < (T if lengths is None else lengths[:, None])  # (T, N or 1, 1)
    h, c = h0, np.zeros_like(h0) if c0 is None else c0.copy()  # (N, H) each
    hs, caches = np.empty((N, T, len(Wh)), x.dtype), []  # (N, T, H)
    for t in range(T):
        h_next, c_next, cache = lstm_step_forward(np.where(running[t], x[:, t], 0), h, c, Wx, Wh, b)
        h, c = np.where(running[t], h_next, h), np.where(running[t], c_next, c)
        hs[:, t] = h
        caches.append(cache)
    return hs, c, (x, h0, Wx, Wh, c0, running, caches)


def lstm_backward(dh, dc_T, cache):
    x, h0, Wx, Wh, c0, running, caches = cache
    dx, dWx, dWh, db = (np.zeros_like(a) for a in (x, Wx, Wh, Wh[0]))
    dh_next, dc = np.zeros_like(h0), dc_T.copy()  # (N, H) each, from the step after
    for t in reversed(range(len(caches))):
        dh_next = dh_next + dh[:, t]
        into = np.where(running[t], dh_next, 0), np.where(running[t], dc, 0)  # (N, H) each
        dx[:, t], dh_before, dc_before, *dw = lstm_step_backward(*into, caches[t])
        dh_next, dc = np.where(running[t], dh_before, dh_next), np.where(running[t], dc_before, dc)
        dWx, dWh, db = dWx + dw[0], dWh + dw[1], db + dw[2]  # every step has the same weights
    return dx, dh_next, dWx, dWh, db, dc if c0 is not None else None


def permute_gates(w: Float[Array, "*rows G"], *, order_from: str = "ifog", order_to: str = "ifgo"):
    """A copy of Wx, Wh, b or a gradient of these with its gates in another order; by default to that of PyTorch."""
    for name, order in (("order_from", order_from), ("order_to", order_to)):
        if sorted(order) != sorted("ifog"):
            raise ValueError(f"permute_gates: {name} must hold i, f, o and g, each once, got {order!r}")
    if w.shape[-1] % 4:
        raise ValueError(f"permute_gates: w must have 4 H columns, got shape {w.shape}")
    gates = dict(zip(order_from, np.split(w, 4, axis=-1), strict=True))  # (…, H) each
    return np.concatenate([gates[gate] for gate in order_to], axis=-1)  # (…, 4H)


def _sigmoid(x):
    """1 / (1 + exp(-x)), with exp of what is negative only: it cannot overflow."""
    e = np.exp(-abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)
