"""Activations by other formulas, reductions and broadcasting by einsum, loops and counting."""

import itertools
import math

import numpy as np


def leaky_relu_forward(x, *, slope=0.01):
    """The two sides, added."""
    return np.maximum(x, 0) + slope * np.minimum(x, 0), {"factor": np.where(x > 0, 1, slope).astype(x.dtype)}


def leaky_relu_backward(dout, cache):
    return dout * cache["factor"]


def prelu_forward(x, a):
    """Channels last, where slopes broadcast by themselves."""
    last = np.moveaxis(x, 1, -1)
    out = np.maximum(last, 0) + a * np.minimum(last, 0)
    return np.ascontiguousarray(np.moveaxis(out, -1, 1)), [x, a]


def prelu_backward(dout, cache):
    x, a = cache
    last, upstream = (np.moveaxis(array, 1, -1) for array in (x, dout))
    dx = upstream * np.where(last > 0, np.ones_like(a), a)
    da = (upstream * np.minimum(last, 0)).reshape(math.prod(last.shape[:-1]), len(a)).sum(axis=0)
    return np.ascontiguousarray(np.moveaxis(dx, -1, 1)), da


def elu_forward(x, *, alpha=1.0):
    """e^x - 1 as 2 sinh(x/2) e^(x/2)."""
    left = np.minimum(x, 0) / 2
    return np.maximum(x, 0) + 2 * alpha * np.sinh(np.maximum(left, -50)) * np.exp(np.maximum(left, -50)), {
        "x": x,
        "alpha": alpha,
    }


def elu_backward(dout, cache):
    x, alpha = cache["x"], cache["alpha"]
    slope = np.exp(np.minimum(x, 0))
    slope[x <= 0] *= alpha
    return dout * slope


SELU = 1.6732632423543772, 1.0507009873554805


def selu_forward(x):
    alpha, scale = SELU
    out, cache = elu_forward(x, alpha=alpha)
    return x.dtype.type(scale) * out, cache


def selu_backward(dout, cache):
    return elu_backward(dout * dout.dtype.type(SELU[1]), cache)


def hardtanh_forward(x, *, low=-1.0, high=1.0):
    out = np.clip(x, low, high)
    return out, {"inside": (x > low) * (x < high)}


def hardtanh_backward(dout, cache):
    return np.where(cache["inside"], dout, 0).astype(dout.dtype)


def softplus_forward(x):
    """A logarithm of a sum of two exponentials."""
    return np.logaddexp(x, x.dtype.type(0)), {"x": x}


def softplus_backward(dout, cache):
    """sigmoid(x) = exp(-softplus(-x))."""
    return dout * np.exp(-np.logaddexp(-cache["x"], dout.dtype.type(0)))


def mish_forward(x):
    """tanh(log v) as a quotient in v = 1 + e^x, divided by e^2x where that is large."""
    u = np.exp(-abs(x))
    right, left = (1 + 2 * u, 1 + 2 * u + 2 * u * u), (u * (u + 2), u * (u + 2) + 2)
    gate = np.where(x > 0, right[0] / right[1], left[0] / left[1])
    return x * gate, {"x": x, "gate": gate, "u": u}


def mish_backward(dout, cache):
    x, gate, u = cache["x"], cache["gate"], cache["u"]
    sech2 = np.where(x > 0, 2 * u * u / (1 + 2 * u + 2 * u * u), 2 / (u * (u + 2) + 2)) * (1 + gate)
    return dout * (gate + x * sech2 * np.where(x > 0, 1, u) / (1 + u))


def _axes(x, axis):
    given = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    return sorted(a % x.ndim for a in given)


def _kept(shape, axes):
    return [1 if i in axes else size for i, size in enumerate(shape)]


def reduce_sum_forward(x, *, axis=None, keepdims=False):
    """One axis after the other, from behind."""
    axes, out = _axes(x, axis), x.copy()
    for a in reversed(axes):
        out = np.add.reduce(out, axis=a)
    return np.asarray(out).reshape(_kept(x.shape, axes)) if keepdims else out, {"shape": x.shape, "axes": axes}


def reduce_sum_backward(dout, cache):
    """Times ones."""
    return dout.reshape(_kept(cache["shape"], cache["axes"])) * np.ones(cache["shape"], dout.dtype)


def reduce_mean_forward(x, *, axis=None, keepdims=False):
    out, cache = reduce_sum_forward(x, axis=axis, keepdims=keepdims)
    n = math.prod(x.shape[a] for a in cache["axes"])
    if n == 0:
        raise ValueError(f"x has nothing along {axis}")
    return out / n, cache | {"n": n}


def reduce_mean_backward(dout, cache):
    return reduce_sum_backward(dout / cache["n"], cache)


def reduce_max_forward(x, *, axis=None, keepdims=False):
    """The first that equals the maximum, found by counting."""
    axes = tuple(_axes(x, axis))
    largest = x.max(axis=axes, keepdims=True)
    equal = (x == largest) | ((x != x) & (largest != largest))
    behind = np.moveaxis(equal, axes, range(x.ndim - len(axes), x.ndim))
    lines = behind.reshape(*behind.shape[: x.ndim - len(axes)], -1) if x.size else behind[..., None]
    first = (lines & (lines.cumsum(axis=-1) == 1)).reshape(behind.shape)
    mask = np.moveaxis(first, range(x.ndim - len(axes), x.ndim), axes)
    return largest if keepdims else largest.reshape([n for i, n in enumerate(x.shape) if i not in axes]), {
        "mask": mask,
        "kept": largest.shape,
    }


def reduce_max_backward(dout, cache):
    return np.where(cache["mask"], dout.reshape(cache["kept"]), 0).astype(dout.dtype)


def unbroadcast(grad, shape):
    """By einsum: the axes that stay are those that are named in what comes out."""
    shape = tuple(shape)
    if np.broadcast_shapes(grad.shape, shape) != grad.shape:
        raise ValueError(f"shape {shape} does not broadcast to {grad.shape}")
    aligned = (1,) * (grad.ndim - len(shape)) + shape
    staying = [i for i, size in enumerate(aligned) if size == grad.shape[i]]
    return np.array(np.einsum(grad, list(range(grad.ndim)), staying)).reshape(shape)


def add_forward(x, y):
    return np.add(x, y), [x.shape, y.shape]


def add_backward(dout, cache):
    return tuple(unbroadcast(dout, shape) for shape in cache)


def mul_forward(x, y):
    return np.multiply(x, y), {"x": x, "y": y}


def mul_backward(dout, cache):
    """dout y is taken where both stand, and summed afterwards."""
    x, y = np.broadcast_arrays(cache["x"], cache["y"])
    return unbroadcast(dout * y, cache["x"].shape), unbroadcast(dout * x, cache["y"].shape)


def maximum_forward(x, y):
    """x and what y is above it."""
    return np.where((x >= y) | (x != x), x, y), {"x": x, "y": y}


def maximum_backward(dout, cache):
    x, y = cache["x"], cache["y"]
    dx = dout * (x >= y)
    return unbroadcast(dx, x.shape), unbroadcast(dout - dx, y.shape)


def copy_forward(x):
    return np.array(x), np.array(x), None or {}


def copy_backward(dout1, dout2, cache):
    return np.stack([dout1, dout2]).sum(axis=0)


def count_params(params, *, tied=()):
    assert not isinstance(tied, str) and set(tied) <= set(params), f"tied {tied}"
    return sum(len(list(itertools.product(*map(range, params[key].shape)))) for key in params.keys() - set(tied))


def activation_stats(h, *, bound=0.99):
    """By NumPy's own functions."""
    if not h.size:
        raise ValueError("h is empty")
    share = [np.mean(flags) for flags in (h == 0, abs(h) >= h.dtype.type(bound))]
    share += [np.mean(~np.any(h != 0, axis=0)), np.mean(np.isnan(h))]
    known = h[~np.isnan(h)]
    mean, std = (known.mean(), known.std()) if known.size else (np.nan, np.nan)
    return tuple(h.dtype.type(number) for number in (mean, std, *share))
