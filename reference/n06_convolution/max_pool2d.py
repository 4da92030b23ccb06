"""2-D max pooling. CS231n notes "Convolutional networks", pooling layer; assignment 2, `max_pool_forward_naive`.

    out_ncij = max_{0 <= u,v < k} xpad_{n,c,i stride + u,j stride + v}        dout_ncij goes to the entry that won

x (N, C, H, W)    out (N, C, HO, WO), HO = floor((H + 2 pad - k) / stride) + 1    stride: k, if not given

Padding is -inf, so that it never wins; it is at most half of k, so that every window holds some of x. Of equal entries
the first of the window wins, row by row. NaN wins over everything. Gradients of overlapping windows add up; rows and
columns at the end that fill no window are dropped.
"""

import numpy as np

from nnspec.reference.n06_convolution._windows import output_size, padded_by, taps
from nnspec.shapes import Array, Between, Float


def max_pool2d_forward(
    x: Float[Array, "N C H W"],
    *,
    k: Between[1, None] = 2,
    stride: Between[1, None] | None = None,
    pad: Between[0, None] = 0,
):
    if 2 * pad > k:
        raise ValueError(f"max_pool2d_forward: pad must be at most half of k = {k}, got {pad}")
    stride = k if stride is None else stride
    size = output_size("max_pool2d_forward", "k", x, (k, k), stride, pad)
    xpad, inside = padded_by(pad, x, -np.inf), padded_by(pad, np.ones(x.shape, bool))  # (N, C, H + 2 pad, W + 2 pad)
    met = [part for _, part in taps((k, k), size, stride)]
    candidates = np.stack([xpad[part] for part in met])  # (k k, N, C, HO, WO)
    out = candidates.max(axis=0)  # (N, C, HO, WO)
    reached = (candidates == out) | np.isnan(candidates)  # (k k, N, C, HO, WO)
    winner = (reached & np.stack([inside[part] for part in met])).argmax(axis=0)  # (N, C, HO, WO) the first
    return out, (x, winner, k, stride, pad)


def max_pool2d_backward(dout, cache):
    x, winner, k, stride, pad = cache
    H, W = x.shape[2:]
    dxpad = np.zeros_like(padded_by(pad, x))  # (N, C, H + 2 pad, W + 2 pad)
    for place, (_, met) in enumerate(taps((k, k), dout.shape[2:], stride)):
        dxpad[met] += np.where(winner == place, dout, 0)
    return dxpad[:, :, pad : pad + H, pad : pad + W]  # (N, C, H, W)
