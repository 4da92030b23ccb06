"""LSTM: a step with a matrix for each gate; a sequence whose inputs are projected, and gradients taken, all at once."""

import numpy as np
from scipy.special import expit


def lstm_step_forward(x, h, c, Wx, Wh, b):
    gates = [np.split(array, 4, axis=-1) for array in (Wx, Wh, b)]
    i, f, o, g = (
        squash(bias + x @ from_x + h @ from_h)
        for squash, from_x, from_h, bias in zip((expit, expit, expit, np.tanh), *gates, strict=True)
    )
    c_next = i * g + f * c
    shown = np.tanh(c_next)
    return o * shown, c_next, {"gates": (i, f, o, g), "shown": shown, "inputs": (x, h, c), "weights": gates[:2]}


def lstm_step_backward(dh_next, dc_next, cache):
    (i, f, o, g), shown, (x, h, c), (from_x, from_h) = (cache[k] for k in ("gates", "shown", "inputs", "weights"))
    dc = dc_next + dh_next * o * (1 - shown) * (1 + shown)
    das = (dc * g * i * (1 - i), dc * c * f * (1 - f), dh_next * shown * o * (1 - o), dc * i * (1 - g) * (1 + g))
    dx, dh = (sum(da @ w.T for da, w in zip(das, weights, strict=True)) for weights in (from_x, from_h))
    dWx, dWh = (np.hstack([into.T @ da for da in das]) for into in (x, h))
    return dx, dh, f * dc, dWx, dWh, np.hstack([da.sum(axis=0) for da in das])


def lstm_forward(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
    """One product projects the inputs of all steps; only h Wh is left to the loop. What is over keeps its state."""
    N, T, D = x.shape
    over = np.arange(T)[:, None, None] >= (np.full(N, T) if lengths is None else lengths)[:, None]
    H = h0.shape[1]
    projected = (x.reshape(N * T, D) @ Wx + b).reshape(N, T, 4 * H)
    hs, cs = np.empty((T + 1, N, H), x.dtype), np.empty((T + 1, N, H), x.dtype)
    hs[0], cs[0] = h0, 0 if c0 is None else c0
    gates = np.empty((T, N, 4 * H), x.dtype)
    for t in range(T):
        a = projected[:, t] + hs[t] @ Wh
        gates[t, :, : 3 * H] = expit(a[:, : 3 * H])
        gates[t, :, 3 * H :] = np.tanh(a[:, 3 * H :])
        i, f, o, g = np.split(gates[t], 4, axis=1)
        cs[t + 1] = f * cs[t] + i * g
        hs[t + 1] = o * np.tanh(cs[t + 1])
        for states in (cs, hs):
            np.copyto(states[t + 1], states[t], where=over[t])
    cache = {"x": x, "over": over, "hs": hs, "cs": cs, "gates": gates, "Wx": Wx, "Wh": Wh, "c0": c0 is not None}
    return hs[1:].transpose(1, 0, 2).copy(), cs[-1].copy(), cache


def lstm_backward(dh, dc_T, cache):
    """The gradients of all steps' gates are stacked; each weight is then one product."""
    x, hs, cs, gates, Wx, Wh, over = (cache[name] for name in ("x", "hs", "cs", "gates", "Wx", "Wh", "over"))
    N, T, D = x.shape
    da = np.empty_like(gates)
    dh_t, dc = np.zeros_like(hs[0]), dc_T.copy()
    for t in reversed(range(T)):
        i, f, o, g = np.split(gates[t], 4, axis=1)
        shown = np.tanh(cs[t + 1])
        dh_t = dh_t + dh[:, t]
        dc_t = dc + dh_t * o * (1 - shown * shown)
        slopes = (dc_t * g, dc_t * cs[t], dh_t * shown, dc_t * i)
        da[t] = np.hstack(slopes) * np.hstack([i - i * i, f - f * f, o - o * o, 1 - g * g])
        da[t] *= ~over[t]
        dh_t, dc = da[t] @ Wh.T + dh_t * over[t], np.where(over[t], dc, dc_t * f)
    stacked = da.reshape(T * N, da.shape[2])
    dx = (stacked @ Wx.T).reshape(T, N, D).transpose(1, 0, 2)
    dWx = x.transpose(1, 0, 2).reshape(T * N, D).T @ stacked
    dWh = hs[:-1].reshape(T * N, hs.shape[2]).T @ stacked
    return dx, dh_t, dWx, dWh, stacked.sum(axis=0), dc if cache["c0"] else None


def permute_gates(w, *, order_from="ifog", order_to="ifgo"):
    blocks = w.reshape(*w.shape[:-1], len(order_from), -1)
    return np.take(blocks, [order_from.index(gate) for gate in order_to], axis=-2).reshape(w.shape)
