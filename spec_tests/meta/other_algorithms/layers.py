"""Affine as one homogeneous product, activations by other special functions, dropout by selection."""

import math

import numpy as np
from scipy.special import expit, ndtr


def affine_forward(x, w, b):
    """[x, 1] [w; b]: the bias is the weight of a feature that is always 1."""
    flat = x.reshape(len(x), -1) if x.size else np.zeros((len(x), len(w)), x.dtype)
    extended = np.hstack([flat, np.ones((len(x), 1), x.dtype)])
    return extended @ np.vstack([w, b]), {"extended": extended, "w": w, "shape": x.shape}


def affine_backward(dout, cache):
    dwb = np.einsum("nd,nm->dm", cache["extended"], dout)
    dx = np.inner(dout, cache["w"]).reshape(cache["shape"])
    return [dx, dwb[:-1], dwb[-1]]


def relu_forward(x):
    return np.clip(x, 0, None), [x]


def relu_backward(dout, cache):
    dx = np.array(dout)
    dx[~(cache[0] > 0)] = 0
    return dx


def tanh_forward(x):
    """By expm1 of a negative number: neither overflow nor cancellation."""
    lost = -np.expm1(-2 * abs(x))
    return np.copysign(lost / (2 - lost), x), 1 - lost


def tanh_backward(dout, cache):
    """1 / cosh^2 x = 4 e / (1 + e)^2 with e = exp(-2 |x|)."""
    return dout * (4 * cache / np.square(1 + cache))


def sigmoid_forward(x):
    return expit(x), [x]


def sigmoid_backward(dout, cache):
    """s(x) s(-x), which does not cancel where s is close to 1."""
    (x,) = cache
    return dout * expit(x) * expit(-x)


def silu_forward(x, *, beta=1.0):
    return x * expit(beta * x), {"x": x, "beta": beta}


def silu_backward(dout, cache):
    """s (1 + z s(-z)) with z = beta x."""
    z = cache["beta"] * cache["x"]
    return dout * expit(z) * (1 + z * expit(-z))


FAR = 40.0  # beyond, Phi is 0 or 1 in double precision, and x^3 is still finite


def gelu_forward(x, *, approximate=False):
    """Phi by `ndtr`, which does not cancel on the left; the tanh form as a sigmoid, (1 + tanh u) / 2 = s(2u)."""
    near = np.clip(x, -FAR, FAR)
    if approximate:
        c = 2 * math.sqrt(2 / math.pi)
        u = c * near * (1 + 0.044715 * near * near)
        share = expit(u)
        slope = share * expit(-u) * (c * (1 + 3 * 0.044715 * near * near))
    else:
        share = ndtr(near)
        slope = np.exp(-near * near / 2) / math.sqrt(2 * math.pi)
    return x * share, {"derivative": share + near * slope}


def gelu_backward(dout, cache):
    return dout * cache["derivative"]


def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
    if not train:
        return x.copy(), None
    if mask is None:
        mask = (rng or np.random.default_rng()).random(x.shape) < keep
    return passed(x, mask, keep), {"mask": mask, "keep": keep}


def dropout_backward(dout, cache):
    return np.array(dout) if cache is None else passed(dout, **cache)


def passed(x, mask, keep):
    out = np.zeros(x.shape, x.dtype)
    out[mask] = x[mask] / keep
    return out
