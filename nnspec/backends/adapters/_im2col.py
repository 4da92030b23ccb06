"""What the course compiles for its fast layers (`im2col_cython`), in NumPy: folders come without the compiled file.

x (N, C, H, W)    windows of (fh, fw) pixels, (oh, ow) of them    cols: a column for each window of each sample
"""

import numpy as np


def im2col_cython(x, field_height, field_width, padding, stride):
    """(C fh fw, oh ow N): the windows of an image, the sample changing fastest."""
    wide = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    windows = np.lib.stride_tricks.sliding_window_view(wide, (field_height, field_width), (2, 3))
    windows = windows[:, :, ::stride, ::stride]  # (N, C, oh, ow, fh, fw)
    return windows.transpose(1, 4, 5, 2, 3, 0).reshape(x.shape[1] * field_height * field_width, -1)


def col2im_cython(cols, N, C, H, W, field_height, field_width, padding, stride):
    """(N, C, H, W): each pixel the sum of what its windows hold of it."""
    oh, ow = ((size + 2 * padding - f) // stride + 1 for size, f in ((H, field_height), (W, field_width)))
    apart = cols.reshape(C, field_height, field_width, oh, ow, N).transpose(0, 1, 2, 5, 3, 4)
    return col2im_6d_cython(apart, N, C, H, W, field_height, field_width, padding, stride)


def col2im_6d_cython(cols, N, C, H, W, HH, WW, pad, stride):
    """The same of cols (C, HH, WW, N, oh, ow)."""
    *_, oh, ow = cols.shape
    wide = np.zeros((N, C, H + 2 * pad, W + 2 * pad), cols.dtype)
    for u, v in np.ndindex(HH, WW):
        wide[:, :, u : u + stride * oh : stride, v : v + stride * ow : stride] += cols[:, u, v].swapaxes(0, 1)
    return wide[:, :, pad : pad + H, pad : pad + W]
