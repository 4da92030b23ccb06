"""Penalties, dropout and update rules in the styles of many hands. A class is a backend."""

import math
from types import SimpleNamespace

import numpy as np

# -- regularization and dropout -------------------------------------------------------------------------------------


class PenaltyByLoop:
    def l2_penalty(w, lam, half=False):
        total = 0.0
        for entry in w.ravel().tolist():
            total += entry * entry
        scale = lam / 2 if half else lam
        return w.dtype.type(scale * total), w.dtype.type(2 * scale) * w


class PenaltyByNorm:
    def l2_penalty(w, lam, *, half=False):
        scale = 0.5 * lam if half else lam
        return scale * np.linalg.norm(w.ravel()) ** 2, 2 * scale * w


class PenaltyByProduct:
    def l2_penalty(w, lam):
        flat = w.reshape(-1)
        return lam * (flat @ flat), lam * w + lam * w


class PenaltyHalved:
    def l2_penalty(w, lam):
        return 0.5 * lam * np.einsum("i,i->", w.ravel(), w.ravel()), lam * w


class PenaltyInDouble:
    def l2_penalty(w, lam, *, half=False):
        wide = w.astype(np.float64)
        scale = lam * (0.5 if half else 1.0)
        return float(scale * np.sum(wide**2)), (2 * scale * wide).astype(w.dtype)


class DropoutOfTheCourse:
    """U1 = (np.random.rand(*H1.shape) < p) / p"""

    def dropout_forward(x, keep, train=True):
        if not train:
            return x.copy(), None
        mask = (np.random.rand(*x.shape) < keep) / keep  # noqa: NPY002
        return (x * mask).astype(x.dtype, copy=False), mask

    def dropout_backward(dout, mask):
        return dout.copy() if mask is None else (dout * mask).astype(dout.dtype)


class DropoutByIndices:
    """The units to drop are chosen one by one from those of a flat copy."""

    def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
        out = x.copy().reshape(-1)
        dropped = np.empty(0, int)
        if train:
            draw = rng.random(x.shape) >= keep if mask is None else ~mask
            dropped = np.flatnonzero(draw)
            out /= keep
        out[dropped] = 0
        return out.reshape(x.shape), (dropped, keep if train else 1.0)

    def dropout_backward(dout, cache):
        dropped, keep = cache
        dx = dout.ravel() / keep
        dx[dropped] = 0
        return dx.reshape(dout.shape)


class DropoutWithP:
    """p = 1 - keep is dropped, by Bernoulli draws of a generator of its own."""

    generator = np.random.default_rng()

    def dropout_forward(x, *, keep, train=True):
        p = 1 - keep
        stays = DropoutWithP.generator.uniform(size=x.shape) >= p if train else np.ones(x.shape, bool)
        factor = stays.astype(x.dtype) / (1 - p if train else 1)
        return x * factor.astype(x.dtype), factor.astype(x.dtype)

    def dropout_backward(dout, factor):
        return np.multiply(dout, factor)


class DropoutByMaskedArrays:
    def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
        if not train:
            return x + 0, lambda dout: dout + 0
        drop = ~mask if mask is not None else rng.random(x.shape) >= keep

        def through(array):
            return np.ma.array(array / keep, mask=drop).filled(0)

        return through(x), through

    def dropout_backward(dout, through):
        return through(dout)


class DropoutByChoice:
    def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
        if not train:
            scale = np.ones_like(x)
        elif mask is None:
            scale = rng.choice([0, 1 / keep], size=x.shape, p=[1 - keep, keep])
        else:
            scale = np.select([mask], [1 / keep], 0)
        scale = scale.astype(x.dtype)
        return x * scale, scale

    def dropout_backward(dout, scale):
        return scale * dout


REGULARIZATION = {
    PenaltyByLoop: "l2_penalty",
    PenaltyByNorm: "l2_penalty",
    PenaltyByProduct: "l2_penalty",
    PenaltyHalved: "l2_penalty",
    PenaltyInDouble: "l2_penalty",
    DropoutOfTheCourse: "dropout",
    DropoutByIndices: "dropout",
    DropoutWithP: "dropout",
    DropoutByMaskedArrays: "dropout",
    DropoutByChoice: "dropout",
}

# -- update rules ---------------------------------------------------------------------------------------------------


class MomentumOfTheCourse:
    def sgd_momentum(w, dw, config=None, *, lr=1e-2, mu=0.9):
        config = dict(config or {})
        v = config.get("velocity", np.zeros_like(w))
        v = mu * v - lr * dw
        config["velocity"] = v
        return w + v, config


class MomentumOfPyTorch:
    """The buffer starts as the first gradient; lr stays outside."""

    def sgd_momentum(w, dw, buffer=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        gain, step = (lr, 1) if lr_in_velocity else (1, lr)
        buffer = gain * dw if buffer is None else buffer * mu + gain * dw
        return w - step * buffer, buffer


class MomentumByHistory:
    """All gradients are kept, and weighted anew in each step."""

    def sgd_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9):
        history = [*(state or []), lr * dw]
        age = range(len(history) - 1, -1, -1)
        return w - sum(mu**n * g for n, g in zip(age, history, strict=True)), history


class MomentumInPlace:
    """In place on copies."""

    def sgd_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9):
        w, v = w.copy(), np.zeros_like(w) if state is None else state.copy()
        v *= mu
        v -= lr * dw
        w += v
        return w, v


class MomentumEntryByEntry:
    def sgd_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9):
        new, v = np.empty_like(w), np.zeros_like(w) if state is None else np.array(state)
        for place in np.ndindex(w.shape):
            v[place] = mu * v[place] - lr * dw[place]
            new[place] = w[place] + v[place]
        return new, v


class AdamOfTheCourse:
    def adam(w, dw, config=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        config = dict(config) if config else {"m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0}
        config["t"] += 1
        config["m"] = beta1 * config["m"] + (1 - beta1) * dw
        config["v"] = beta2 * config["v"] + (1 - beta2) * (dw**2)
        mt = config["m"] / (1 - beta1 ** config["t"])
        vt = config["v"] / (1 - beta2 ** config["t"])
        return w - lr * mt / (np.sqrt(vt) + eps), config


class AdamOfPyTorch:
    """step_size and denom, as in torch.optim: the root of v over the root of its correction."""

    def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        avg, avg_sq, step = state or (np.zeros_like(w), np.zeros_like(w), 0)
        step += 1
        avg = avg + (dw - avg) * (1 - beta1)
        avg_sq = avg_sq * beta2 + dw * dw * (1 - beta2)
        denom = np.sqrt(avg_sq) / math.sqrt(1 - beta2**step) + eps
        return w - lr / (1 - beta1**step) * (avg / denom), (avg, avg_sq, step)


class AdamOfKeras:
    """eps is added to the root before its correction."""

    def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        state = state or SimpleNamespace(m=np.zeros_like(w), v=np.zeros_like(w), iterations=0)
        step = state.iterations + 1
        alpha = lr * math.sqrt(1 - beta2**step) / (1 - beta1**step)
        m = state.m + (dw - state.m) * (1 - beta1)
        v = state.v + (np.square(dw) - state.v) * (1 - beta2)
        return w - m * alpha / (np.sqrt(v) + eps), SimpleNamespace(m=m, v=v, iterations=step)


class AdamInDouble:
    def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        g = dw.astype(np.float64)
        m, v, power1, power2 = state or (np.zeros(w.shape), np.zeros(w.shape), 1.0, 1.0)
        power1, power2 = power1 * beta1, power2 * beta2  # running products instead of a count
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        step = lr * (m / (1 - power1)) / (np.sqrt(v / (1 - power2)) + eps)
        return (w - step).astype(w.dtype), (m, v, power1, power2)


class AdamWithCorrectedMoments:
    """The corrected moments are kept; the sums are found again from the count."""

    def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        mhat, vhat, t = state or (0 * w, 0 * w, 0)
        before1, before2, now1, now2 = 1 - beta1**t, 1 - beta2**t, 1 - beta1 ** (t + 1), 1 - beta2 ** (t + 1)
        mhat = (beta1 * before1 * mhat + (1 - beta1) * dw) / now1
        vhat = (beta2 * before2 * vhat + (1 - beta2) * dw * dw) / now2
        return w - lr * mhat / (vhat**0.5 + eps), (mhat, vhat, t + 1)


class AdamInOneArray:
    """Both moments are rows of one array, flat."""

    def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        moments, t = state or (np.zeros((2, w.size), w.dtype), 0)
        beta = np.array([[beta1], [beta2]])
        both = np.stack([dw.ravel(), dw.ravel() ** 2])
        moments = (beta * moments + (1 - beta) * both).astype(w.dtype)
        first, second = (moments / (1 - beta ** (t + 1))).reshape(2, *w.shape)
        return (w - lr * first / (np.sqrt(second) + eps)).astype(w.dtype), (moments, t + 1)


OPTIMIZERS = {
    MomentumOfTheCourse: "sgd_momentum",
    MomentumOfPyTorch: "sgd_momentum",
    MomentumByHistory: "sgd_momentum",
    MomentumInPlace: "sgd_momentum",
    MomentumEntryByEntry: "sgd_momentum",
    AdamOfTheCourse: "adam",
    AdamOfPyTorch: "adam",
    AdamOfKeras: "adam",
    AdamInDouble: "adam",
    AdamWithCorrectedMoments: "adam",
    AdamInOneArray: "adam",
}
