"""Normalization, LSTM and attention in the styles of many hands. A class is a backend."""

import math

import numpy as np
from scipy.special import log_softmax, softmax

# -- normalization --------------------------------------------------------------------------------------------------


def running_of(old_mean, old_var, mean, var, momentum, N, unbiased):
    var = var * N / (N - 1) if unbiased else var
    return momentum * old_mean + (1 - momentum) * mean, momentum * old_var + (1 - momentum) * var


class BatchnormStepByStep:
    """The backward goes back through the computational graph, one gate at a time."""

    def batchnorm_forward(
        x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
    ):
        if not train:
            std = np.sqrt(running_var + eps)
            xhat = (x - running_mean) / std
            return gamma * xhat + beta, running_mean.copy(), running_var.copy(), ("test", xhat, std, gamma)
        mu = np.mean(x, axis=0)
        xmu = x - mu
        var = np.mean(xmu**2, axis=0)
        std = np.sqrt(var + eps)
        ivar = 1 / std
        running = running_of(running_mean, running_var, mu, var, momentum, len(x), unbiased_running)
        return gamma * (xmu * ivar) + beta, *running, ("train", xmu, ivar, std, gamma)

    def batchnorm_backward(dout, cache):
        mode, *kept = cache
        if mode == "test":
            xhat, std, gamma = kept
            return dout * gamma / std, (dout * xhat).sum(axis=0), dout.sum(axis=0)
        xmu, ivar, std, gamma = kept
        N = len(dout)
        dxhat = dout * gamma
        divar = np.sum(dxhat * xmu, axis=0)
        dstd = -divar / std**2
        dvar = 0.5 * dstd / std
        dxmu = dxhat * ivar + 2 * xmu * dvar / N
        dmu = -np.sum(dxmu, axis=0)
        return dxmu + dmu / N, np.sum(dout * xmu * ivar, axis=0), np.sum(dout, axis=0)


class BatchnormInColumns:
    """Features in front: a row of x.T is what one gamma scales."""

    def batchnorm_forward(x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5):
        rows = np.ascontiguousarray(x.T)
        mean, var = (rows.mean(axis=1), rows.var(axis=1)) if train else (running_mean, running_var)
        rstd = (1 / np.sqrt(var + eps))[:, None]
        xhat = (rows - mean[:, None]) * rstd
        running = running_mean.copy(), running_var.copy()
        if train:
            running = running_of(running_mean, running_var, mean, var, momentum, len(x), False)
        return (gamma[:, None] * xhat + beta[:, None]).T, *running, (xhat, rstd, gamma[:, None], train)

    def batchnorm_backward(dout, cache):
        xhat, rstd, gamma, train = cache
        d = dout.T
        dgamma, dbeta = np.einsum("dn,dn->d", d, xhat), d.sum(axis=1)
        dxhat = gamma * d
        if train:
            dxhat = dxhat - dxhat.mean(axis=1, keepdims=True) - xhat * (dxhat * xhat).mean(axis=1, keepdims=True)
        return (rstd * dxhat).T, dgamma, dbeta


class BatchnormFeatureByFeature:
    """A loop over features, each with its own statistics."""

    def batchnorm_forward(x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5):
        out, xhat, rstd = np.empty_like(x), np.empty_like(x), np.empty_like(gamma)
        new_mean, new_var = running_mean.copy(), running_var.copy()
        for j in range(x.shape[1]):
            mean, var = running_mean[j], running_var[j]
            if train:
                mean = np.average(x[:, j])
                var = np.average((x[:, j] - mean) ** 2)
                new_mean[j] += (1 - momentum) * (mean - new_mean[j])
                new_var[j] += (1 - momentum) * (var - new_var[j])
            rstd[j] = 1 / np.sqrt(var + eps)
            xhat[:, j] = (x[:, j] - mean) * rstd[j]
            out[:, j] = xhat[:, j] * gamma[j] + beta[j]
        return out, new_mean, new_var, (xhat, rstd, gamma, train)

    def batchnorm_backward(dout, cache):
        xhat, rstd, gamma, train = cache
        dx, dgamma, dbeta = np.empty_like(dout), np.empty_like(gamma), np.empty_like(gamma)
        for j, d in enumerate(dout.T):
            dgamma[j], dbeta[j] = d @ xhat[:, j], np.sum(d)
            shared = (dbeta[j] + xhat[:, j] * dgamma[j]) / gamma.dtype.type(len(d)) if train else 0
            dx[:, j] = gamma[j] * rstd[j] * (d - shared)
        return dx, dgamma, dbeta


class BatchnormInDouble:
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5):
        dtype, x = x.dtype, x.astype(np.float64)
        mean, var = (x.mean(axis=0), x.var(axis=0)) if train else (running_mean, running_var)
        std = np.sqrt(var + np.float64(eps))
        xhat = (x - mean) / std
        running = running_mean, running_var
        if train:
            running = running_of(running_mean, running_var, mean, var, momentum, len(x), False)
        out = gamma * xhat + beta
        return out.astype(dtype), *(np.array(r, dtype) for r in running), (xhat, std, gamma, train)

    def batchnorm_backward(dout, cache):
        xhat, std, gamma, train = cache
        dxhat = dout.astype(np.float64) * gamma
        if train:
            dxhat = dxhat - dxhat.mean(axis=0) - xhat * np.mean(dxhat * xhat, axis=0)
        gradients = dxhat / std, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0, dtype=np.float64)
        return tuple(gradient.astype(dout.dtype) for gradient in gradients)


class SpatialByTranspose:
    """As the course asks for: images as rows of pixels, through one's own batch norm."""

    batchnorm_forward = BatchnormStepByStep.batchnorm_forward
    batchnorm_backward = BatchnormStepByStep.batchnorm_backward

    def batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options):
        N, C, H, W = x.shape
        rows = x.transpose(0, 2, 3, 1).reshape(-1, C)
        out, *running, cache = BatchnormStepByStep.batchnorm_forward(
            rows, gamma, beta, running_mean, running_var, **options
        )
        return out.reshape(N, H, W, C).transpose(0, 3, 1, 2), *running, cache

    def batchnorm2d_backward(dout, cache):
        N, C, H, W = dout.shape
        dx, *others = BatchnormStepByStep.batchnorm_backward(dout.transpose(0, 2, 3, 1).reshape(-1, C), cache)
        return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), *others


class SpatialOverAxes:
    """No reshape: means over axes 0, 2 and 3, and parameters with axes of size 1."""

    def batchnorm2d_forward(x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5):
        def broad(a):
            return a[None, :, None, None]

        axes, m = (0, 2, 3), x.size // x.shape[1]
        mean, var = (x.mean(axis=axes), x.var(axis=axes)) if train else (running_mean, running_var)
        std = np.sqrt(var + eps)
        xhat = (x - broad(mean)) / broad(std)
        running = running_mean.copy(), running_var.copy()
        if train:
            running = running_of(running_mean, running_var, mean, var, momentum, m, False)
        return broad(gamma) * xhat + broad(beta), *running, (xhat, broad(gamma / std), train)

    def batchnorm2d_backward(dout, cache):
        xhat, scale, train = cache
        dgamma, dbeta = np.einsum("nchw,nchw->c", dout, xhat), np.einsum("nchw->c", dout)
        if not train:
            return scale * dout, dgamma, dbeta
        m = dout.dtype.type(dout.size // dout.shape[1])
        shared = (dbeta[:, None, None] + xhat * dgamma[:, None, None]) / m
        return scale * (dout - shared), dgamma, dbeta


class LayernormByLoop:
    def layernorm_forward(x, gamma, beta, *, eps=1e-5):
        out, xhat, std = np.empty_like(x), np.empty_like(x), np.empty(len(x), x.dtype)
        for n, row in enumerate(x):
            std[n] = math.sqrt(np.var(row) + eps)
            xhat[n] = (row - np.mean(row)) / std[n]
            out[n] = gamma * xhat[n] + beta
        return out, (xhat, std, gamma)

    def layernorm_backward(dout, cache):
        xhat, std, gamma = cache
        dx = np.empty_like(dout)
        for n in range(len(dout)):
            d = dout[n] * gamma
            dx[n] = (d - d.mean() - xhat[n] * np.dot(d, xhat[n]) / d.size) / std[n]
        return dx, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)


class LayernormByTranspose:
    """The batch norm of x.T, as the course hints."""

    def layernorm_forward(x, gamma, beta, eps=1e-5):
        columns = x.T
        mean, var = columns.mean(axis=0), columns.var(axis=0)
        xhat = ((columns - mean) / np.sqrt(var + eps)).T
        return gamma * xhat + beta, (xhat, np.sqrt(var + eps), gamma)

    def layernorm_backward(dout, cache):
        xhat, std, gamma = cache
        D = dout.dtype.type(dout.shape[1])
        d, h = (gamma * dout).T, xhat.T
        dx = (D * d - d.sum(axis=0) - h * np.sum(d * h, axis=0)) / (D * std)
        return dx.T, np.einsum("nd,nd->d", dout, xhat), dout.sum(axis=0)


class LayernormOfPyTorch:
    """rstd is kept, and the last axis is normalized whatever stands in front."""

    def layernorm_forward(x, gamma, beta, *, eps=1e-5):
        mean = x.mean(-1, keepdims=True)
        rstd = 1 / np.sqrt(np.square(x - mean).mean(-1, keepdims=True) + eps)
        return (x - mean) * rstd * gamma + beta, {"x": x, "mean": mean, "rstd": rstd, "weight": gamma}

    def layernorm_backward(dout, cache):
        normed = (cache["x"] - cache["mean"]) * cache["rstd"]
        a = dout * cache["weight"]
        b = (a * normed).mean(-1, keepdims=True)
        front = tuple(range(dout.ndim - 1))
        dx = (a - a.mean(-1, keepdims=True) - normed * b) * cache["rstd"]
        return dx, (dout * normed).sum(front), dout.sum(front)


class LayernormByRank:
    """Deviations as a product with a centring matrix."""

    def layernorm_forward(x, gamma, beta, *, eps=1e-5):
        D = x.shape[-1]
        centring = (np.eye(D) - 1 / D).astype(x.dtype)
        centred = x @ centring
        std = np.sqrt(np.einsum("...d,...d->...", centred, centred)[..., None] / x.dtype.type(D) + eps)
        return gamma * centred / std + beta, (centred / std, std, gamma, centring)

    def layernorm_backward(dout, cache):
        xhat, std, gamma, centring = cache
        d = dout * gamma
        along = np.einsum("...d,...d->...", d, xhat)[..., None] / d.dtype.type(d.shape[-1])
        front = tuple(range(dout.ndim - 1))
        return (d - xhat * along) @ centring / std, (dout * xhat).sum(axis=front), dout.sum(axis=front)


NORMS = {
    BatchnormStepByStep: "batchnorm",
    BatchnormInColumns: "batchnorm",
    BatchnormFeatureByFeature: "batchnorm",
    BatchnormInDouble: "batchnorm",
    SpatialByTranspose: "batchnorm",
    SpatialOverAxes: "batchnorm",
    LayernormByLoop: "layernorm",
    LayernormByTranspose: "layernorm",
    LayernormOfPyTorch: "layernorm",
    LayernormByRank: "layernorm",
}

# -- attention ------------------------------------------------------------------------------------------------------


def last_swapped(x):
    return np.swapaxes(x, -1, -2)


def softmax_of(scores, mask):
    """0 where nothing is allowed."""
    if mask is None:
        return softmax(scores, axis=-1)
    e = np.where(mask, np.exp(scores - np.max(scores, axis=-1, keepdims=True, where=mask, initial=-1e30)), 0)
    total = e.sum(axis=-1, keepdims=True)
    return np.divide(e, total, out=np.zeros_like(e), where=total > 0)


class MaskedByLoop:
    def masked_softmax_forward(x, *, mask=None):
        rows, out = x.reshape(-1, x.shape[-1]), np.zeros(x.size, x.dtype).reshape(-1, x.shape[-1])
        allowed = np.broadcast_to(True if mask is None else mask, x.shape).reshape(rows.shape)
        for row, keys, into in zip(rows, allowed, out, strict=True):
            if keys.any():
                e = np.exp(row[keys] - row[keys].max())
                into[keys] = e / e.sum()
        return out.reshape(x.shape), out.reshape(x.shape).copy()

    def masked_softmax_backward(dout, p):
        return p * (dout - (dout * p).sum(-1, keepdims=True))


class MaskedByMinusInfinity:
    def masked_softmax_forward(x, mask=None):
        z = x if mask is None else np.where(mask, x, -np.inf)
        with np.errstate(invalid="ignore"):
            p = np.nan_to_num(softmax(z, axis=-1), nan=0.0)
        return p, p.copy()

    masked_softmax_backward = MaskedByLoop.masked_softmax_backward


class MaskedByLogarithm:
    """exp of a log softmax, without a mask."""

    def masked_softmax_forward(x):
        logp = log_softmax(x, axis=-1)
        return np.exp(logp), logp

    def masked_softmax_backward(dout, logp):
        p = np.exp(logp)
        dlogp = dout * p
        return dlogp - p * dlogp.sum(axis=-1, keepdims=True)


class MaskedByJacobian:
    def masked_softmax_forward(x, *, mask=None):
        p = softmax_of(x, mask)
        return p, {"p": p.copy()}

    def masked_softmax_backward(dout, cache):
        p = cache["p"]
        jacobian = p[..., :, None] * (np.eye(p.shape[-1], dtype=p.dtype) - p[..., None, :])
        return np.einsum("...ij,...i->...j", jacobian, dout)


class MaskedByMaskedArray:
    def masked_softmax_forward(x, *, mask=None):
        z = np.ma.array(x, mask=False if mask is None else ~np.broadcast_to(mask, x.shape))
        e = np.ma.exp(z - z.max(axis=-1, keepdims=True))
        p = np.ma.filled(e / e.sum(axis=-1, keepdims=True), 0).astype(x.dtype)
        return p, p.copy()

    masked_softmax_backward = MaskedByLoop.masked_softmax_backward


class AttentionPlain:
    def sdpa_forward(q, k, v, *, mask=None, scale=None):
        scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
        p = softmax_of(scale * np.matmul(q, last_swapped(k)), mask)
        return np.matmul(p, v), (q, k, v, p, scale)

    def sdpa_backward(dout, cache):
        q, k, v, p, scale = cache
        dp = dout @ last_swapped(v)
        ds = p * (dp - np.sum(p * dp, axis=-1, keepdims=True))
        return scale * ds @ k, scale * last_swapped(ds) @ q, last_swapped(p) @ dout


class AttentionByEinsum:
    """The scale goes into q."""

    def sdpa_forward(q, k, v, *, mask=None, scale=None):
        scale = float(q.shape[-1]) ** -0.5 if scale is None else scale
        scaled = q * scale
        p = softmax_of(np.einsum("...qd,...kd->...qk", scaled, k), mask)
        return np.einsum("...qk,...kv->...qv", p, v), {"q": scaled, "k": k, "v": v, "p": p, "scale": scale}

    def sdpa_backward(dout, cache):
        q, k, v, p = (cache[name] for name in "qkvp")
        dp = np.einsum("...qv,...kv->...qk", dout, v)
        ds = p * dp - p * np.einsum("...qk,...qk->...q", p, dp)[..., None]
        dq = np.einsum("...qk,...kd->...qd", ds, k) * cache["scale"]
        return dq, np.einsum("...qk,...qd->...kd", ds, q), np.einsum("...qk,...qv->...kv", p, dout)


class AttentionQueryByQuery:
    """One batch, one query at a time; more than three axes are not taken."""

    def sdpa_forward(q, k, v, *, mask=None, scale=None):
        if q.ndim > 3:
            raise NotImplementedError("heads")
        scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
        shape = (*q.shape[:-1], k.shape[-2])
        p = np.zeros(shape, q.dtype)
        mask = None if mask is None else np.broadcast_to(mask, shape)
        out = np.zeros((*q.shape[:-1], v.shape[-1]), q.dtype)
        for at in np.ndindex(shape[:-1]):
            p[at] = softmax_of(scale * (k[at[:-1]] @ q[at]), None if mask is None else mask[at])
            out[at] = p[at] @ v[at[:-1]]
        return out, (q, k, v, p, scale)

    def sdpa_backward(dout, cache):
        q, k, v, p, scale = cache
        dq, dk, dv = map(np.zeros_like, (q, k, v))
        for at in np.ndindex(p.shape[:-1]):
            n = at[:-1]
            dp = v[n] @ dout[at]
            ds = scale * p[at] * (dp - dp @ p[at])
            dq[at] += ds @ k[n]
            dk[n] += np.outer(ds, q[at])
            dv[n] += np.outer(p[at], dout[at])
        return dq, dk, dv


class AttentionInDouble:
    def sdpa_forward(q, k, v, *, mask=None, scale=None):
        out, cache = AttentionPlain.sdpa_forward(*(a.astype(float) for a in (q, k, v)), mask=mask, scale=scale)
        return out.astype(q.dtype), cache

    def sdpa_backward(dout, cache):
        return [d.astype(dout.dtype) for d in AttentionPlain.sdpa_backward(dout.astype(float), cache)]


class AttentionWithAnAddedMask:
    """A penalty of -1e9 where nobody may attend, and rows without a key are cleared."""

    def sdpa_forward(q, k, v, mask=None, scale=None):
        scale = q.shape[-1] ** -0.5 if scale is None else scale
        scores = scale * (q @ last_swapped(k))
        if mask is not None:
            scores = scores + np.where(mask, 0, -1e9).astype(q.dtype)
        p = softmax(scores, axis=-1)
        if mask is not None:
            p = p * np.broadcast_to(mask, p.shape).any(axis=-1, keepdims=True)
        return p @ v, (q, k, v, p, scale)

    sdpa_backward = AttentionPlain.sdpa_backward


ATTENTION = {
    MaskedByLoop: "masked_softmax",
    MaskedByMinusInfinity: "masked_softmax",
    MaskedByLogarithm: "masked_softmax",
    MaskedByJacobian: "masked_softmax",
    MaskedByMaskedArray: "masked_softmax",
    AttentionPlain: "sdpa",
    AttentionByEinsum: "sdpa",
    AttentionQueryByQuery: "sdpa",
    AttentionInDouble: "sdpa",
    AttentionWithAnAddedMask: "sdpa",
}
