"""2-D convolution. CS231n notes "Convolutional networks"; Dumoulin and Visin 2016, arXiv:1603.07285, relationship 6.

    out_nfij = b_f + sum_{c,u,v} xpad_{n,c,i stride + u,j stride + v} w_fcuv

x (N, C, H, W)    w (F, C, KH, KW)    b (F,)    out (N, F, HO, WO), HO = floor((H + 2 pad - KH) / stride) + 1

xpad is x with `pad` zeros on every side. The kernel is not flipped: this is the cross-correlation that the field calls
a convolution. Rows and columns at the end that no window reaches get the gradient 0. Without b there is no db (None).
"""

from functools import partial

import numpy as np

from nnspec.reference.n06_convolution._windows import output_size, padded_by, taps
from nnspec.shapes import Array, Between, Float

_einsum = partial(np.einsum, optimize=True)  # by matrix products


def conv2d_forward(
    x: Float[Array, "N C H W"],
    w: Float[Array, "F C KH KW"],
    b: Float[Array, "F"] | None = None,
    *,
    stride: Between[1, None] = 1,
    pad: Between[0, None] = 0,
):
    size = output_size("conv2d_forward", "w", x, w.shape[2:], stride, pad)
    xpad = padded_by(pad, x)  # (N, C, H + 2 pad, W + 2 pad)
    out = np.zeros((len(x), len(w), *size), x.dtype)  # (N, F, HO, WO)
    for (u, v), met in taps(w.shape[2:], size, stride):
        out += _einsum("nchw,fc->nfhw", xpad[met], w[:, :, u, v])
    if b is not None:
        out += b[:, None, None]
    return out, (x, w, b, stride, pad)


def conv2d_backward(dout, cache):
    x, w, b, stride, pad = cache
    H, W = x.shape[2:]
    xpad = padded_by(pad, x)  # (N, C, H + 2 pad, W + 2 pad)
    dxpad, dw = np.zeros_like(xpad), np.empty_like(w)
    for (u, v), met in taps(w.shape[2:], dout.shape[2:], stride):
        dw[:, :, u, v] = _einsum("nfhw,nchw->fc", dout, xpad[met])
        dxpad[met] += _einsum("nfhw,fc->nchw", dout, w[:, :, u, v])  # windows overlap
    dx = dxpad[:, :, pad : pad + H, pad : pad + W]  # (N, C, H, W)
    db = None if b is None else dout.sum(axis=(0, 2, 3))  # (F,)
    return dx, dw, db
