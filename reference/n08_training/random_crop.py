"""Random crop with padding, for augmentation. He et al. 2015, arXiv:1512.03385, section 4.2: 4 pixels on each side.

    out_ncij = xpad_{n,c,top_n+i,left_n+j}        dx has dout where the crop was, else 0; what was padded is dropped

x (N, C, H, W)    top (N,) from 0 to H + 2 pad - size    left (N,) from 0 to W + 2 pad - size
xpad: x with pad zeros on every side    out (N, C, size, size)

Each sample has a top and a left of its own, in training drawn with both ends included. In evaluation there is no crop.
"""

import numpy as np

from nnspec.reference.n06_convolution._windows import padded_by
from nnspec.shapes import Array, Between, Float, Int


def random_crop_forward(
    x: Float[Array, "N C H W"],
    top: Int[Array, "N"],
    left: Int[Array, "N"],
    *,
    size: Between[1, None],
    pad: Between[0, None] = 0,
):
    _require_inside("random_crop_forward", x.shape, top, left, size, pad)
    xpad = padded_by(pad, x)  # (N, C, H + 2 pad, W + 2 pad)
    places = np.stack([top, left], axis=1).astype(int)  # (N, 2)
    out = np.empty((*x.shape[:2], size, size), x.dtype)
    for n, (i, j) in enumerate(places):
        out[n] = xpad[n, :, i : i + size, j : j + size]
    return out, (x.shape, places, size, pad)


def random_crop_backward(dout, cache):
    shape, places, size, pad = cache
    H, W = shape[2:]
    dxpad = padded_by(pad, np.zeros(shape, dout.dtype))  # (N, C, H + 2 pad, W + 2 pad)
    for n, (i, j) in enumerate(places):
        dxpad[n, :, i : i + size, j : j + size] = dout[n]
    return dxpad[:, :, pad : pad + H, pad : pad + W]  # (N, C, H, W)


def _require_inside(op, shape, top, left, size, pad):
    """The crop lies in the padded image, wherever it is to be."""
    for argument, start, length in (("top", top, shape[2]), ("left", left, shape[3])):
        most = length + 2 * pad - size
        if most < 0:
            raise ValueError(f"{op}: size must fit into the padded x, got {size} with pad {pad} of {shape}")
        if not ((start >= 0) & (start <= most)).all():
            raise ValueError(f"{op}: {argument} must be from 0 to {most}, got {start.tolist()}")
