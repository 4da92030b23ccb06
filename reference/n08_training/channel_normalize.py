"""Per-channel normalization of images. CS231n notes "Setting up the data", mean subtraction and normalization.

    mean_c, std_c over all n, i, j of the training images        out_ncij = (x_ncij - mean_c) / std_c
    dx = dout / std        back: x = std out + mean

x, out (N, C, H, W)    mean, std (C,)

The statistics are those of the training images, and the same for validation and test. std is that of all numbers of a
channel (divided by N H W, not one less). A channel that never changes has the std 0, by which nothing can be divided:
leave it out, or set its std to 1.
"""

import numpy as np

from nnspec.shapes import Array, Float


def channel_stats(x: Float[Array, "N C H W"]):
    """mean, std."""
    if 0 in (len(x), *x.shape[2:]):
        raise ValueError(f"channel_stats: x must hold at least one pixel of each channel, got shape {x.shape}")
    mean = x.mean(axis=(0, 2, 3))  # (C,)
    var = ((x - mean[:, None, None]) ** 2).mean(axis=(0, 2, 3))  # (C,)
    return mean, np.sqrt(var)


def channel_normalize_forward(x: Float[Array, "N C H W"], mean: Float[Array, "C"], std: Float[Array, "C"]):
    _require_positive("channel_normalize_forward", std)
    return (x - mean[:, None, None]) / std[:, None, None], (std,)  # (N, C, H, W)


def channel_normalize_backward(dout, cache):
    (std,) = cache
    return dout / std[:, None, None]


def channel_denormalize(x: Float[Array, "N C H W"], mean: Float[Array, "C"], std: Float[Array, "C"]):
    """The images from normalized ones, to look at them."""
    return std[:, None, None] * x + mean[:, None, None]


def _require_positive(op, std):
    if not (std > 0).all():
        raise ValueError(f"{op}: std must be above 0, got {std.tolist()}: set that of a constant channel to 1")
