"""Convolution as one product of unrolled windows; pooling by the position of each maximum in the image."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def padded(x, pad, value):
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), constant_values=value)


def windows(x, height, width, stride):
    """(N, C, HO, WO, height, width), a view."""
    return sliding_window_view(x, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]


def conv2d_forward(x, w, b=None, *, stride=1, pad=0):
    """im2col: a row for each position, a column for each entry of a filter."""
    F, C, KH, KW = w.shape
    view = windows(padded(x, pad, 0), KH, KW, stride)
    N, _, HO, WO = view.shape[:4]
    columns = view.transpose(0, 2, 3, 1, 4, 5).reshape(N * HO * WO, C * KH * KW)
    out = columns @ w.reshape(F, -1).T
    if b is not None:
        out += b
    cache = {"columns": columns, "w": w, "b": b, "x": x.shape, "stride": stride, "pad": pad}
    return out.reshape(N, HO, WO, F).transpose(0, 3, 1, 2), cache


def conv2d_backward(dout, cache):
    """col2im: every entry of a filter adds its column back to where it came from."""
    (N, C, H, W), (F, _, KH, KW) = cache["x"], cache["w"].shape
    stride, pad, (HO, WO) = cache["stride"], cache["pad"], dout.shape[2:]
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, F)
    dw = (rows.T @ cache["columns"]).reshape(cache["w"].shape)
    db = None if cache["b"] is None else np.ones(len(rows), rows.dtype) @ rows
    dcolumns = (rows @ cache["w"].reshape(F, -1)).reshape(N, HO, WO, C, KH, KW)
    dx = np.zeros((N, C, H + 2 * pad, W + 2 * pad), dout.dtype)
    for u, v in np.ndindex(KH, KW):
        dx[:, :, u : u + HO * stride : stride, v : v + WO * stride : stride] += dcolumns[..., u, v].transpose(
            0, 3, 1, 2
        )
    return dx[:, :, pad : pad + H, pad : pad + W], dw, db


class Winners:
    """Where each maximum stands in the flattened, padded image."""

    def __init__(self, position, size, shape, pad):
        self.position, self.size, self.shape, self.pad = position, size, shape, pad


def max_pool2d_forward(x, *, k=2, stride=None, pad=0):
    stride = stride or k
    wide = padded(x, pad, -np.inf)
    view = windows(wide, k, k, stride)
    where = np.arange(wide.size).reshape(wide.shape)
    first = view.reshape(*view.shape[:4], k * k).argmax(axis=4)[..., None]
    position = np.take_along_axis(windows(where, k, k, stride).reshape(*view.shape[:4], k * k), first, axis=4)[..., 0]
    return wide.ravel()[position], Winners(position, wide.shape, x.shape, pad)


def max_pool2d_backward(dout, cache):
    """Overlapping windows add up in a weighted histogram of positions."""
    H, W = cache.shape[2:]
    flat = np.bincount(cache.position.ravel(), dout.ravel(), minlength=np.prod(cache.size))
    dx = flat.reshape(cache.size)[:, :, cache.pad : cache.pad + H, cache.pad : cache.pad + W]
    return dx.astype(dout.dtype)
