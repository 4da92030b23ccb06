"""Where the windows of a convolution or a pooling lie in a padded image."""

import numpy as np


def output_size(op, argument, x, window, stride, pad):
    """(HO, WO) = floor((H + 2 pad - KH) / stride) + 1, and the same of W. The window must fit at least once."""
    padded = [size + 2 * pad for size in x.shape[2:]]
    if not all(1 <= k <= size for k, size in zip(window, padded, strict=True)):
        raise ValueError(
            f"{op}: {argument} must be at least 1 x 1 and fit into the padded x, {padded[0]} x {padded[1]}, "
            f"got {window[0]} x {window[1]}"
        )
    return tuple((size - k) // stride + 1 for k, size in zip(window, padded, strict=True))


def padded_by(pad, x, value=0):
    """(…, H + 2 pad, W + 2 pad)."""
    return np.pad(x, [(0, 0)] * (x.ndim - 2) + [(pad, pad)] * 2, constant_values=value)


def taps(window, size, stride):
    """For each place (u, v) in the window, row by row: (u, v), and the part of a padded image that it meets.

    That part is of shape (…, HO, WO), one entry for each window.
    """
    for u, v in np.ndindex(*window):
        yield (u, v), (..., slice(u, u + stride * size[0], stride), slice(v, v + stride * size[1], stride))
