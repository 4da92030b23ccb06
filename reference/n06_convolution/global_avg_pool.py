"""Global average pooling. Lin, Chen and Yan 2014, arXiv:1312.4400, section 3.2; He et al. 2015, arXiv:1512.03385.

    out_nc = 1/(H W) sum_{i,j} x_ncij        dx_ncij = dout_nc / (H W)

x (N, C, H, W)    out (N, C)

Each map becomes one number, whatever the size of the image: what follows needs no layer for each size. There must be a
pixel to take the mean of.
"""

import numpy as np

from nnspec.shapes import Array, Float


def global_avg_pool_forward(x: Float[Array, "N C H W"]):
    if 0 in x.shape[2:]:
        raise ValueError(f"global_avg_pool_forward: x must hold at least one pixel, got {x.shape[2]} x {x.shape[3]}")
    out = x.mean(axis=(2, 3))  # (N, C)
    return out, (x.shape,)


def global_avg_pool_backward(dout, cache):
    (shape,) = cache
    *_, H, W = shape
    return np.full(shape, (dout / (H * W))[:, :, None, None])  # (N, C, H, W)
