"""Convolution and pooling in sympy, for what is made of them."""

import numpy as np

from nnspec.spec_tests._truth import named, total, where_positive


def convolved(x, w, b=None, *, stride=1, pad=0):
    """a_nfij = b_f + sum_{c,u,v} xpad_{n,c,i stride+u,j stride+v} w_fcuv, each entry a symbol of its own."""
    (N, _, H, W), (F, _, KH, KW) = x.shape, w.shape
    xpad = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    top, left = range(0, H + 2 * pad - KH + 1, stride), range(0, W + 2 * pad - KW + 1, stride)
    a = np.empty((N, F, len(top), len(left)), object)
    for n, f, i, j in np.ndindex(*a.shape):
        window = xpad[n, :, top[i] : top[i] + KH, left[j] : left[j] + KW]  # (C, KH, KW)
        a[n, f, i, j] = total([*(window * w[f]).ravel(), 0 if b is None else b[f]])
    return named(a)


def pooled(x, k, stride):
    """out_ncij = max of the k k entries from (i stride, j stride) on."""
    N, C, H, W = x.shape
    out = np.empty((N, C, (H - k) // stride + 1, (W - k) // stride + 1), object)
    for n, c, i, j in np.ndindex(*out.shape):
        largest, *rest = x[n, c, i * stride : i * stride + k, j * stride : j * stride + k].ravel()
        for entry in rest:
            largest = named(where_positive(entry - largest, entry, largest))
        out[n, c, i, j] = largest
    return out
