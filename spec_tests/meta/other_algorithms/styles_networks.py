"""LSTMs and whole networks in the styles of many hands. A class is a backend."""

import numpy as np
from scipy.special import expit, log_softmax, logsumexp, softmax

# -- LSTM -----------------------------------------------------------------------------------------------------------


class StepOfTheCourse:
    def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
        H = prev_h.shape[1]
        a = x.dot(Wx) + prev_h.dot(Wh) + b
        i, f, o = expit(a[:, :H]), expit(a[:, H : 2 * H]), expit(a[:, 2 * H : 3 * H])
        g = np.tanh(a[:, 3 * H :])
        next_c = f * prev_c + i * g
        next_h = o * np.tanh(next_c)
        return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c.copy())

    def lstm_step_backward(dnext_h, dnext_c, cache):
        x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
        tanh_c = np.tanh(next_c)
        do = dnext_h * tanh_c
        dc = dnext_c + dnext_h * o * (1 - tanh_c**2)
        df, dprev_c, di, dg = dc * prev_c, dc * f, dc * g, dc * i
        da = np.hstack((di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)))
        return da.dot(Wx.T), da.dot(Wh.T), dprev_c, x.T.dot(da), prev_h.T.dot(da), np.sum(da, axis=0)


class StepByOneMatrix:
    """[x, h] goes through one matrix, and sigmoid is a tanh of half."""

    def lstm_step_forward(x, h, c, Wx, Wh, b):
        joined, W = np.concatenate([x, h], axis=1), np.concatenate([Wx, Wh])
        a = (joined @ W + b).reshape(len(x), 4, -1)
        s = (np.tanh(a[:, :3] / 2) + 1) / 2
        g = np.tanh(a[:, 3])
        c_next = s[:, 1] * c + s[:, 0] * g
        return s[:, 2] * np.tanh(c_next), c_next, (joined, W, s, g, c, np.tanh(c_next))

    def lstm_step_backward(dh, dc, cache):
        joined, W, s, g, c, shown = cache
        dc = dc + dh * s[:, 2] * (1 - shown * shown)
        da = np.empty((len(g), 4, g.shape[1]), g.dtype)
        da[:, :3] = np.stack([dc * g, dc * c, dh * shown], axis=1) * s * (1 - s)
        da[:, 3] = dc * s[:, 0] * (1 - g * g)
        da = da.reshape(len(da), -1)
        djoined, dW = da @ W.T, joined.T @ da
        D = joined.shape[1] - g.shape[1]
        return djoined[:, :D], djoined[:, D:], dc * s[:, 1], dW[:D], dW[D:], da.sum(axis=0)


class StepInColumns:
    """Samples are columns, gates are blocks of rows."""

    def lstm_step_forward(x, h, c, Wx, Wh, b):
        a = Wx.T @ x.T + Wh.T @ h.T + b[:, None]
        i, f, o = expit(a[: 3 * len(a) // 4]).reshape(3, -1, len(x))
        g = np.tanh(a[3 * len(a) // 4 :])
        c_next = f * c.T + i * g
        return (o * np.tanh(c_next)).T, c_next.T, (x, h, c, Wx, Wh, i, f, o, g, c_next.copy())

    def lstm_step_backward(dh, dc, cache):
        x, h, c, Wx, Wh, i, f, o, g, c_next = cache
        shown = np.tanh(c_next)
        dc = dc.T + dh.T * o / np.cosh(c_next) ** 2
        da = np.vstack([dc * g * i * (1 - i), dc * c.T * f * (1 - f), dh.T * shown * o * (1 - o), dc * i * (1 - g * g)])
        return (Wx @ da).T, (Wh @ da).T, (dc * f).T, (da @ x).T, (da @ h).T, da.sum(axis=1)


class StepGateByGate:
    def lstm_step_forward(x, h, c, Wx, Wh, b):
        H = h.shape[1]
        parts = {gate: slice(n * H, (n + 1) * H) for n, gate in enumerate("ifog")}
        value = {
            gate: (np.tanh if gate == "g" else expit)(
                np.einsum("nd,dh->nh", x, Wx[:, at]) + np.einsum("nk,kh->nh", h, Wh[:, at]) + b[at]
            )
            for gate, at in parts.items()
        }
        c_next = value["f"] * c + value["i"] * value["g"]
        shown = np.tanh(c_next)
        return value["o"] * shown, c_next, {"in": (x, h, c), "W": (Wx, Wh), "at": parts, "shown": shown, **value}

    def lstm_step_backward(dh, dc, cache):
        (x, h, c), (Wx, Wh), i, f, o, g = (cache[name] for name in ("in", "W", *"ifog"))
        dc = dc + dh * o * (1 - cache["shown"] ** 2)
        of_gates = {"i": dc * g * i * (1 - i), "f": dc * c * f * (1 - f), "o": dh * cache["shown"] * o * (1 - o)}
        of_gates["g"] = dc * i * (1 - g) * (1 + g)
        dx, dh_prev = np.zeros_like(x), np.zeros_like(h)
        dWx, dWh, db = np.empty_like(Wx), np.empty_like(Wh), np.empty_like(Wx[0])
        for gate, da in of_gates.items():
            at = cache["at"][gate]
            dx += da @ Wx[:, at].T
            dh_prev += da @ Wh[:, at].T
            dWx[:, at], dWh[:, at], db[at] = x.T @ da, h.T @ da, da.sum(axis=0)
        return dx, dh_prev, dc * f, dWx, dWh, db


class StepInDouble:
    def lstm_step_forward(*inputs):
        h, c, cache = StepOfTheCourse.lstm_step_forward(*(a.astype(float) for a in inputs))
        return h.astype(inputs[0].dtype), c.astype(inputs[0].dtype), cache

    def lstm_step_backward(dh, dc, cache):
        found = StepOfTheCourse.lstm_step_backward(dh.astype(float), dc.astype(float), cache)
        return tuple(d.astype(dh.dtype) for d in found)


def through_time(step):
    """A sequence by some step: forward and backward."""

    def lstm_forward(x, h0, Wx, Wh, b, c0=None):
        h, c = h0, np.zeros_like(h0) if c0 is None else c0
        caches, hs = [], []
        for t in range(x.shape[1]):
            h, c, cache = step.lstm_step_forward(x[:, t], h, c, Wx, Wh, b)
            hs.append(h)
            caches.append(cache)
        return np.stack(hs, axis=1), c.copy(), (caches, c0 is not None)

    def lstm_backward(dh, dc, cache):
        caches, with_c0 = cache
        dxs, sums, dh_t = [], [0, 0, 0], 0
        for t in reversed(range(len(caches))):
            dx, dh_t, dc, *dw = step.lstm_step_backward(dh[:, t] + dh_t, dc, caches[t])
            dxs.append(dx)
            sums = [total + d for total, d in zip(sums, dw, strict=True)]
        return np.stack(dxs[::-1], axis=1), dh_t, *sums, dc if with_c0 else None

    return lstm_forward, lstm_backward


class SequenceOfTheCourse:
    lstm_forward, lstm_backward = through_time(StepOfTheCourse)


class SequenceByOneMatrix:
    lstm_forward, lstm_backward = through_time(StepByOneMatrix)


class SequenceInColumns:
    lstm_forward, lstm_backward = through_time(StepInColumns)


class SequenceByRecursion:
    """The first step, and then the rest of the sequence; its cache is the way back."""

    def lstm_forward(x, h0, Wx, Wh, b, c0=None):
        c0_given, c = c0 is not None, np.zeros_like(h0) if c0 is None else c0
        h, c, kept = StepGateByGate.lstm_step_forward(x[:, 0], h0, c, Wx, Wh, b)
        rest = SequenceByRecursion.lstm_forward(x[:, 1:], h, Wx, Wh, b, c) if x.shape[1] > 1 else None
        if rest is None:
            return h[:, None].copy(), c.copy(), (kept, None, c0_given)
        hs, c, later = rest
        return np.concatenate([h[:, None], hs], axis=1), c, (kept, later, c0_given)

    def lstm_backward(dh, dc, cache):
        kept, later, c0_given = cache
        found, dh_0 = [], dh[:, 0]
        if later is not None:
            dx_rest, dh_next, *found, dc = SequenceByRecursion.lstm_backward(dh[:, 1:], dc, later)
            dh_0 = dh_0 + dh_next
        dx, dh_prev, dc_prev, *dw = StepGateByGate.lstm_step_backward(dh_0, dc, kept)
        if later is not None:
            dw = [one + other for one, other in zip(dw, found, strict=True)]
        dxs = dx[:, None] if later is None else np.concatenate([dx[:, None], dx_rest], axis=1)
        return dxs, dh_prev, *dw, dc_prev if c0_given else None


class SequenceTimeFirst:
    """(T, N, D) inside, as in PyTorch, and gates permuted to i, f, g, o."""

    def lstm_forward(x, h0, Wx, Wh, b, c0=None):
        H = h0.shape[1]
        order = np.r_[0 : 2 * H, 3 * H : 4 * H, 2 * H : 3 * H]
        wih, whh, bias = Wx[:, order].T, Wh[:, order].T, b[order]
        h, c, tape = h0, np.zeros_like(h0) if c0 is None else c0, []
        for x_t in x.transpose(1, 0, 2):
            i, f, g, o = np.split(x_t @ wih.T + bias + h @ whh.T, 4, axis=1)
            i, f, g, o = expit(i), expit(f), np.tanh(g), expit(o)
            tape.append((x_t, h, c, i, f, g, o))
            c = f * c + i * g
            h = o * np.tanh(c)
        later = [step[1] for step in tape[1:]] + [h]
        return np.array(later).transpose(1, 0, 2), c.copy(), (tape, c.copy(), wih, whh, order, c0 is None)

    def lstm_backward(dh, dc, cache):
        tape, c_next, wih, whh, order, no_c0 = cache
        dx, dwih, dwhh, db = np.empty((*dh.shape[:2], wih.shape[1]), dh.dtype), 0 * wih, 0 * whh, 0 * wih[:, 0]
        dh_next = np.zeros_like(dh[:, 0])
        for t in range(len(tape) - 1, -1, -1):
            x_t, h, c, i, f, g, o = tape[t]
            dh_t, shown = dh[:, t] + dh_next, np.tanh(c_next)
            dc = dc + dh_t * o * (1 - shown**2)
            slopes = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh_t * shown * o * (1 - o)
            da = np.concatenate(slopes, axis=1)
            dx[:, t], dh_next = da @ wih, da @ whh
            dwih, dwhh, db = dwih + da.T @ x_t, dwhh + da.T @ h, db + da.sum(axis=0)
            dc, c_next = dc * f, c
        back = np.argsort(order)
        return dx, dh_next, dwih[back].T, dwhh[back].T, db[back], None if no_c0 else dc


LSTM = {
    StepOfTheCourse: "lstm",
    StepByOneMatrix: "lstm",
    StepInColumns: "lstm",
    StepGateByGate: "lstm",
    StepInDouble: "lstm",
    SequenceOfTheCourse: "lstm",
    SequenceByOneMatrix: "lstm",
    SequenceInColumns: "lstm",
    SequenceByRecursion: "lstm",
    SequenceTimeFirst: "lstm",
}

# -- networks -------------------------------------------------------------------------------------------------------


class TwoLayersOfTheCourse:
    def two_layer_loss(params, X, y=None, reg=0.0):
        W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
        X = X.reshape(len(X), -1)
        h = np.maximum(0, X.dot(W1) + b1)
        scores = h.dot(W2) + b2
        if y is None:
            return scores
        N = X.shape[0]
        scores = scores - np.max(scores, axis=1, keepdims=True)
        p = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
        loss = -np.sum(np.log(p[np.arange(N), y])) / N + 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        d = p.copy()
        d[np.arange(N), y] -= 1
        d /= N
        dh = d.dot(W2.T)
        dh[h <= 0] = 0
        return loss, {"W2": h.T.dot(d) + reg * W2, "b2": d.sum(0), "W1": X.T.dot(dh) + reg * W1, "b1": dh.sum(0)}


class TwoLayersByHomogeneousMatrices:
    """[W; b] in one matrix each; the bias row is not penalized."""

    def two_layer_loss(params, x, y=None, *, reg=0.0):
        def extended(a):
            return np.c_[a, np.ones(len(a), a.dtype)]

        first, second = (np.vstack([params[f"W{i}"], params[f"b{i}"]]) for i in (1, 2))
        a0 = extended(x.reshape(len(x), -1))
        z = a0 @ first
        a1 = extended(np.where(z > 0, z, 0))
        scores = a1 @ second
        if y is None:
            return scores
        logp = log_softmax(scores, axis=1)
        d = (np.exp(logp) - np.eye(scores.shape[1], dtype=x.dtype)[y]) / x.dtype.type(len(y))
        of_second = a1.T @ d
        of_first = a0.T @ ((d @ second.T)[:, :-1] * (z > 0))
        weights = [params["W1"], params["W2"]]
        loss = -np.take_along_axis(logp, y[:, None], 1).mean() + reg / 2 * sum(np.vdot(w, w) for w in weights)
        grads = {"W1": of_first[:-1] + reg * weights[0], "b1": of_first[-1]}
        return loss, grads | {"W2": of_second[:-1] + reg * weights[1], "b2": of_second[-1]}


class TwoLayersSampleBySample:
    def two_layer_loss(params, x, y=None, *, reg=0.0):
        W1, b1, W2, b2 = (params[key] for key in ("W1", "b1", "W2", "b2"))
        hidden = [np.maximum(sample.ravel() @ W1 + b1, 0) for sample in x]
        scores = [h @ W2 + b2 for h in hidden]
        if y is None:
            return np.array(scores)
        grads, loss = {key: np.zeros_like(value) for key, value in params.items()}, 0
        for sample, h, s, label in zip(x, hidden, scores, y, strict=True):
            loss += (logsumexp(s) - s[label]) / len(x)
            d = softmax(s)
            d[label] -= 1
            d /= len(x)
            into = (W2 @ d) * (h > 0)
            for key, gradient in {"W2": np.outer(h, d), "b2": d, "W1": np.outer(sample, into), "b1": into}.items():
                grads[key] += gradient
        for key in ("W1", "W2"):
            loss += reg * (params[key] ** 2).sum() / 2
            grads[key] += reg * params[key]
        return loss, grads


class Tape:
    """Reverse mode in a few lines: every step leaves its way back."""

    def __init__(self):
        self.back = []

    def affine(self, x, w, b):
        def pull(d, grads, keys):
            grads[keys[0]], grads[keys[1]] = x.T @ d, d.sum(axis=0)
            return d @ w.T

        self.back.append(pull)
        return x @ w + b

    def relu(self, x):
        self.back.append(lambda d, grads, keys: d * (x > 0))
        return x.clip(min=0)


class TwoLayersByTape:
    def two_layer_loss(params, x, y=None, *, reg=0.0):
        tape = Tape()
        hidden = tape.relu(tape.affine(x.reshape(len(x), -1), params["W1"], params["b1"]))
        scores = tape.affine(hidden, params["W2"], params["b2"])
        if y is None:
            return scores
        d = softmax(scores, axis=1)
        loss = (logsumexp(scores, axis=1) - scores[range(len(y)), y]).mean()
        d[range(len(y)), y] -= 1
        d, grads = d / len(y), {}
        for pull, keys in zip(tape.back[::-1], (("W2", "b2"), (), ("W1", "b1")), strict=True):
            d = pull(d, grads, keys)
        for key in ("W1", "W2"):
            loss, grads[key] = loss + 0.5 * reg * np.sum(params[key] ** 2), grads[key] + reg * params[key]
        return loss, grads


class TwoLayersInDouble:
    def two_layer_loss(params, x, y=None, *, reg=0.0):
        wide = {key: value.astype(float) for key, value in params.items()}
        answer = TwoLayersOfTheCourse.two_layer_loss(wide, x.astype(float), y, reg)
        if y is None:
            return answer.astype(x.dtype)
        return x.dtype.type(answer[0]), {key: value.astype(x.dtype) for key, value in answer[1].items()}


def layers_of(params):
    return range(1, 1 + max(int(key[1:]) for key in params if key[0] == "W"))


class DeepByLists:
    """Any depth, without norms and dropout."""

    def fc_net_loss(params, x, y=None, *, reg=0.0):
        layers, activations = layers_of(params), [x.reshape(len(x), -1)]
        for i in layers:
            z = activations[-1] @ params[f"W{i}"] + params[f"b{i}"]
            activations.append(z if i == layers[-1] else np.maximum(z, 0))
        scores = activations.pop()
        if y is None:
            return scores
        d, grads = softmax(scores, axis=1), {}
        loss = np.mean(logsumexp(scores, axis=1) - scores[range(len(y)), y])
        d[range(len(y)), y] -= 1
        d /= len(y)
        for i in reversed(layers):
            a, W = activations.pop(), params[f"W{i}"]
            grads |= {f"W{i}": a.T @ d + reg * W, f"b{i}": d.sum(axis=0)}
            d = (d @ W.T) * (a > 0)
            loss = loss + reg / 2 * (W * W).sum()
        return loss, grads


class DeepByRecursion:
    """A layer and the network behind it."""

    def fc_net_loss(params, x, y=None, *, reg=0.0):
        depth, grads = layers_of(params)[-1], {}

        def from_layer(i, a):
            W = params[f"W{i}"]
            z = a @ W + params[f"b{i}"]
            if i == depth:
                if y is None:
                    return z, None
                logp = log_softmax(z, axis=1)
                loss, d = -logp[range(len(y)), y].mean(), np.exp(logp)
                d[range(len(y)), y] -= 1
                d /= len(y)
            else:
                loss, d = from_layer(i + 1, np.maximum(z, 0))
                if y is None:
                    return loss, None
                d = np.where(z > 0, d, 0)
            grads.update({f"W{i}": a.T @ d + reg * W, f"b{i}": d.sum(axis=0)})
            return loss + 0.5 * reg * np.linalg.norm(W.ravel()) ** 2, d @ W.T

        answer, _ = from_layer(1, x.reshape(len(x), -1))
        return answer if y is None else (answer, grads)


class ConvnetByColumns:
    """All in one function: columns of windows, a reshape for the pool, matrices behind it."""

    def three_layer_convnet_loss(params, x, y=None, *, reg=0.0):
        W1, b1, W2, b2, W3, b3 = (params[key] for key in ("W1", "b1", "W2", "b2", "W3", "b3"))
        N, C, H, W = x.shape
        F, _, K, _ = W1.shape
        pad = K // 2
        xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        columns = np.stack([xp[:, :, u : u + H, v : v + W] for u in range(K) for v in range(K)], axis=2)
        columns = columns.reshape(N, C * K * K, H * W)
        maps = np.maximum((W1.reshape(F, -1) @ columns).reshape(N, F, H, W) + b1[:, None, None], 0)
        h, w = H // 2, W // 2
        tiles = maps[:, :, : 2 * h, : 2 * w].reshape(N, F, h, 2, w, 2).transpose(0, 1, 2, 4, 3, 5).reshape(-1, 4)
        best = tiles.argmax(axis=1)
        flat = tiles.max(axis=1).reshape(N, -1)
        hidden = np.maximum(flat @ W2 + b2, 0)
        scores = hidden @ W3 + b3
        if y is None:
            return scores
        loss = np.mean(logsumexp(scores, axis=1) - scores[range(N), y])
        d = softmax(scores, axis=1)
        d[range(N), y] -= 1
        d /= N
        dhidden = d @ W3.T * (hidden > 0)
        dtiles = np.zeros_like(tiles)
        dtiles[np.arange(len(best)), best] = (dhidden @ W2.T).ravel()
        dmaps = np.zeros_like(maps)
        dmaps[:, :, : 2 * h, : 2 * w] = (
            dtiles.reshape(N, F, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(N, F, 2 * h, 2 * w)
        )
        dmaps *= maps > 0
        dW1 = np.einsum("nfp,nkp->fk", dmaps.reshape(N, F, -1), columns).reshape(W1.shape)
        grads = {"W1": dW1, "b1": dmaps.sum(axis=(0, 2, 3)), "W2": flat.T @ dhidden, "b2": dhidden.sum(axis=0)}
        grads |= {"W3": hidden.T @ d, "b3": d.sum(axis=0)}
        for key in ("W1", "W2", "W3"):
            loss, grads[key] = loss + reg / 2 * (params[key] ** 2).sum(), grads[key] + reg * params[key]
        return loss, grads


class NetworksOnOnesOwnParts:
    """The parts alone: the networks are built of them."""

    def affine_forward(x, w, b):
        return np.matmul(x.reshape(len(x), -1), w) + b, (x, w)

    def affine_backward(dout, cache):
        x, w = cache
        return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(0)

    def relu_forward(x):
        return np.fmax(x, 0), x > 0

    def relu_backward(dout, active):
        return np.where(active, dout, 0)

    def softmax_cross_entropy_forward(scores, y):
        logp = log_softmax(scores, axis=1)
        return -logp[range(len(y)), y].mean(), (np.exp(logp), y)

    def softmax_cross_entropy_backward(dloss, cache):
        p, y = cache
        d = p.copy()
        d[range(len(y)), y] -= 1
        return d * p.dtype.type(dloss / len(y))

    def l2_penalty(w, lam, half=False):
        lam = lam / 2 if half else lam
        return lam * np.square(w).sum(), 2 * lam * w


class NetworkThatHalvesAlways:
    """The parts with the penalty that is halved by default."""

    affine_forward, affine_backward = NetworksOnOnesOwnParts.affine_forward, NetworksOnOnesOwnParts.affine_backward
    relu_forward, relu_backward = NetworksOnOnesOwnParts.relu_forward, NetworksOnOnesOwnParts.relu_backward
    softmax_cross_entropy_forward = NetworksOnOnesOwnParts.softmax_cross_entropy_forward
    softmax_cross_entropy_backward = NetworksOnOnesOwnParts.softmax_cross_entropy_backward

    def l2_penalty(w, lam, half=True):
        return NetworksOnOnesOwnParts.l2_penalty(w, lam, half)


NETWORKS = {
    TwoLayersOfTheCourse: "two_layer_net",
    TwoLayersByHomogeneousMatrices: "two_layer_net",
    TwoLayersSampleBySample: "two_layer_net",
    TwoLayersByTape: "two_layer_net",
    TwoLayersInDouble: "two_layer_net",
    DeepByLists: "fc_net",
    DeepByRecursion: "fc_net",
    ConvnetByColumns: "three_layer_convnet",
    NetworksOnOnesOwnParts: "two_layer_net",
    NetworkThatHalvesAlways: "two_layer_net",
}
